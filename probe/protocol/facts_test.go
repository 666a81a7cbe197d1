// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/facts.md anew")

const (
	factsFile = "facts.go"
	factsPage = "../../docs/facts.md"
	factsHead = "| fact | what it holds |\n|---|---|\n"
)

// TestFactsDocumented: docs/facts.md lists every fact with what its comment says.
func TestFactsDocumented(t *testing.T) {
	page, err := os.ReadFile(factsPage)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(page), factsHead)
	want := before + factsHead + rowsOfFacts(t)
	if *update {
		if err := os.WriteFile(factsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("docs/facts.md is not what facts.go says: run go test ./probe/protocol -run Facts -update")
	}
}

func rowsOfFacts(t *testing.T) string {
	var rows strings.Builder
	all := constantsOfFacts(t)
	slices.SortFunc(all, func(a, b factConstant) int { return strings.Compare(a.name, b.name) })
	for _, c := range all {
		said := strings.TrimSpace(c.comment)
		if said == "" {
			t.Errorf("%s: no comment says what it holds", c.name)
			continue
		}
		fmt.Fprintf(&rows, "| `%s` | %s |\n", c.name, strings.ToUpper(said[:1])+said[1:])
	}
	return rows.String()
}

// A factConstant is one line of facts.go.
type factConstant struct{ name, comment string }

func constantsOfFacts(t *testing.T) []factConstant {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), factsFile, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var all []factConstant
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			all = append(all, factConstant{spelledBy(spec.Values[0]), spec.Comment.Text()})
		}
		return true
	})
	if len(all) < 100 {
		t.Fatalf("%d facts: the test looks in the wrong place", len(all))
	}
	return all
}

// TestFactNames: a fact is written and read by its constant, so one search
// finds who does. Tests spell the names as JSON has them.
func TestFactNames(t *testing.T) {
	known := map[string]bool{}
	for _, c := range constantsOfFacts(t) {
		if known[c.name] {
			t.Errorf("%s has two constants", c.name)
		}
		known[c.name] = true
	}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") || d.Name() == factsFile {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, fact := range factsIn(n, known) {
				t.Errorf("%s: the fact %s by its name: say its constant in facts.go", files.Position(n.Pos()), fact)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// factsIn are the names of facts that a node spells: as a key of Facts, as what a
// function or field called fact is given, or anywhere where the name is not a word
// of any other use.
func factsIn(n ast.Node, known map[string]bool) []string {
	var spelled []ast.Expr
	switch n := n.(type) {
	case *ast.BasicLit:
		if text := spelledBy(n); known[text] && strings.Contains(text, "_") {
			return []string{text}
		}
	case *ast.IndexExpr:
		if isFacts(n.X) {
			spelled = append(spelled, n.Index)
		}
	case *ast.CallExpr:
		switch {
		case isNamed(n.Fun, "delete") && isFacts(n.Args[0]):
			spelled = n.Args[1:]
		case isFacts(n.Fun) && len(n.Args) > 0:
			spelled = n.Args[:1]
		}
	case *ast.CompositeLit:
		spelled = firstOfRows(n)
	case *ast.KeyValueExpr:
		if isFacts(n.Key) {
			spelled = append(keysOf(n.Value), n.Value)
		}
	case *ast.AssignStmt:
		if isFacts(n.Lhs[0]) {
			spelled = keysOf(n.Rhs[0])
		}
	}
	var names []string
	for _, e := range spelled {
		if text := spelledBy(e); text != "" && !strings.ContainsAny(text, " _") {
			names = append(names, text)
		}
	}
	return names
}

// firstOfRows are the first fields of a table whose first column is a fact.
func firstOfRows(c *ast.CompositeLit) []ast.Expr {
	table, ok := c.Type.(*ast.ArrayType)
	if !ok {
		return nil
	}
	row, ok := table.Elt.(*ast.StructType)
	if !ok || len(row.Fields.List[0].Names) == 0 || !isFacts(row.Fields.List[0].Names[0]) {
		return nil
	}
	var first []ast.Expr
	for _, element := range c.Elts {
		if r, ok := element.(*ast.CompositeLit); ok && len(r.Elts) > 0 {
			first = append(first, r.Elts[0])
		}
	}
	return first
}

// isFacts reports whether an expression is the facts of a peer, or sets or gets one.
func isFacts(e ast.Expr) bool { return isNamed(e, "Facts", "facts", "Fact", "fact") }

func isNamed(e ast.Expr, names ...string) bool {
	if s, ok := e.(*ast.SelectorExpr); ok {
		e = s.Sel
	}
	for _, name := range names {
		if id, ok := e.(*ast.Ident); ok && id.Name == name {
			return true
		}
	}
	return false
}

func keysOf(e ast.Expr) []ast.Expr {
	c, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	var keys []ast.Expr
	for _, element := range c.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			keys = append(keys, pair.Key)
		}
	}
	return keys
}

// spelledBy is the text of a string literal, "" for anything else.
func spelledBy(e ast.Expr) string {
	if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
		text, _ := strconv.Unquote(lit.Value)
		return text
	}
	return ""
}

// told is a peer as JSON has it. What code reads of it must say the same.
func told(t testing.TB, p Peer) Peer {
	t.Helper()
	read := map[string]string{FactAuth: p.Logins.String()}
	if c := p.Clock; c != nil && !c.Local.IsZero() {
		read[FactServerTime] = factTime(c.Server)
	} else if c != nil {
		read[FactCurrentTime] = c.Server.Format(ldapTime)
	}
	if d := p.Directory; d != nil {
		read[FactKind] = string(d.Kind)
		if d.Result != 0 {
			read[FactResultCode] = strconv.Itoa(d.Result)
		}
		if ready := p.Facts[FactGlobalCatalog]; d.NotReady != (ready == "FALSE") {
			t.Errorf("not ready: %t, and the fact is %q", d.NotReady, ready)
		}
	}
	if page := p.Page; page != nil {
		read[FactStatus] = strings.TrimSpace(strconv.Itoa(page.Status) + " " + strings.TrimPrefix(p.Facts[FactStatus], strconv.Itoa(page.Status)+" "))
		read[FactLocation], read[FactVia], read[FactHealth] = page.Location, page.Via, page.Health
		read[FactXFrontEnd], read[FactXBackEndTarget] = page.FrontEnd, page.BackEnd
		if offered := p.Facts[FactAuthenticate]; page.Login != (offered != "") {
			t.Errorf("a login: %t, and the fact is %q", page.Login, offered)
		}
	}
	for name, value := range read {
		if p.Facts[name] != value {
			t.Errorf("%s is %q to code, and %q to people", name, value, p.Facts[name])
		}
	}
	if told := p.Facts[FactServerTime]; told != "" && p.Clock == nil {
		t.Errorf("the server's clock is %s, and no code knows", told)
	}
	p.Logins, p.Page, p.Directory, p.Clock = nil, nil, nil, nil
	return p
}
