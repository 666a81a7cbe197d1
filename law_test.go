// SPDX-License-Identifier: Apache-2.0

// Package exreach_test holds the rules that keep the code simple. Each test explains
// its rule in its message.
package exreach_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers is the import law: a package may import those after it, never one before
// it. The benchmarks' programs come first: they are not part of exreach.
var layers = []string{
	"exreach/bench/race",
	"exreach/bench/wan",
	"exreach/bench/server",
	"exreach/cmd/internal/manual", // before exreach, which is not to contain it
	"exreach/cmd/exreach",
	"exreach/cmd/internal/wording",
	"exreach/cmd/internal/console",
	"exreach/cmd/internal/listening",
	"exreach/cmd/internal/commandline",
	"exreach/cmd/internal/inlet",
	"exreach/cmd/internal/outlet",
	"exreach/cmd/internal/pick",
	"exreach/cmd/internal/secret", // above contact, whose codes it reads
	"exreach/cmd/internal/contact",
	"exreach/cmd/internal/machine",
	"exreach/cmd/internal/survey",
	"exreach/cmd/internal/hostlist",
	"exreach/cmd/internal/files",
	"exreach/report/judge/scene",
	"exreach/report/schema",
	"exreach/report/saved",
	"exreach/report",
	"exreach/report/device",
	"exreach/report/table",
	"exreach/report/page",
	"exreach/report/joint",
	"exreach/report/content",
	"exreach/report/ends",
	"exreach/report/judge",
	"exreach/report/judge/identity",
	"exreach/report/judge/route",
	"exreach/report/charset",
	"exreach/report/quote",
	"exreach/probe/standin",
	"exreach/probe",
	"exreach/probe/wiretap",
	"exreach/probe/far",
	"exreach/probe/tape",
	"exreach/probe/hops",
	"exreach/probe/gauge",
	"exreach/probe/lookup",
	"exreach/probe/secure",
	"exreach/probe/trust",
	"exreach/probe/socket",
	"exreach/probe/socket/census",
	"exreach/probe/socket/wall",
	"exreach/probe/socket/rights",
	"exreach/probe/protocol",
	"exreach/probe/protocol/http",
	"exreach/probe/protocol/ldap",
	"exreach/probe/protocol/smb", // before rpc, which prints UUIDs for it
	"exreach/probe/protocol/rpc",
	"exreach/probe/protocol/kerberos",
	"exreach/probe/protocol/tls12",
	"exreach/probe/protocol/wire",
	"exreach/catalog",
}

// dependencies is every module that may be required, with the reason.
var dependencies = map[string]string{
	"github.com/urfave/cli/v2":                 "the command line",
	"github.com/go-ldap/ldap/v3":               "LDAP",
	"github.com/go-asn1-ber/asn1-ber":          "LDAP's encoding, which comes with it",
	"github.com/Azure/go-ntlmssp":              "NTLM binds, which come with it",
	"github.com/hirochachacha/go-smb2":         "SMB sessions",
	"golang.org/x/net":                         "DNS messages",
	"golang.org/x/crypto":                      "ASN.1, for Kerberos",
	"go.yaml.in/yaml/v3":                       "catalogue and topology files",
	"golang.org/x/sync":                        "limits and groups of goroutines",
	"golang.org/x/time":                        "the pace of connects (--rate, --gentle)",
	"golang.org/x/sys":                         "sockets and the Windows console",
	"golang.org/x/text":                        "the width of letters",
	"golang.org/x/term":                        "the width of a terminal",
	"github.com/google/go-cmp":                 "tests",
	"github.com/rogpeppe/go-internal":          "tests: scripts of the command line",
	"github.com/santhosh-tekuri/jsonschema/v6": "tests: reports against their schema",
	"go.uber.org/goleak":                       "tests: goroutines left behind",
}

// A source is one Go file of the project.
type source struct {
	name  string // relative to the root, with slashes
	text  string
	file  *ast.File
	lines *token.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// pkg returns the import path of the package that the file is in.
func (s source) pkg() string { return path.Join("exreach", path.Dir(s.name)) }

func (s source) line(p token.Pos) int { return s.lines.Line(p) }

// sources returns every Go file, whichever system it is for.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "dist"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{filepath.ToSlash(name), string(text), file, files.File(file.Pos())})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 10 {
		t.Fatalf("found %d Go files: the test looks in the wrong place", len(all))
	}
	return all
}

func TestImports(t *testing.T) {
	for _, s := range sources(t) {
		from := slices.Index(layers, s.pkg())
		if from < 0 && s.pkg() != "exreach" {
			t.Errorf("%s: package %s is not in the import law: add it to layers", s.name, s.pkg())
			continue
		}
		for _, spec := range s.file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			to := slices.Index(layers, imported)
			if s.isTest() && slices.Contains([]string{s.pkg(), "exreach/probe/standin", "exreach/report/judge/scene", "exreach/report/schema", "exreach/cmd/internal/manual"}, imported) {
				continue // a test may look at its package from outside, needs servers, results and the schema, and makes the manual page
			}
			if strings.HasPrefix(imported, "exreach/") && to <= from {
				t.Errorf("%s:%d: imports %s: the law is %s, which keeps knowledge of Exchange, of the network and of people apart",
					s.name, s.line(spec.Pos()), imported, strings.Join(layers, " → "))
			}
		}
	}
}

// TestCommandHasNoEngine keeps the command to its work: it turns words into values, and
// events into words.
func TestCommandHasNoEngine(t *testing.T) {
	const command, mostFiles, mostLines = "exreach/cmd/exreach", 20, 2400
	files, lines := 0, 0
	for _, s := range sources(t) {
		if s.pkg() != command || s.isTest() {
			continue
		}
		files++
		lines += strings.Count(s.text, "\n")
		for _, spec := range s.file.Imports {
			if engine, _ := strconv.Unquote(spec.Path.Value); slices.Contains([]string{"sync", "sync/atomic", "iter", "golang.org/x/sync/errgroup"}, engine) {
				t.Errorf("%s:%d: imports %s: concurrent work belongs in cmd/internal/survey or below, where it can be used and tested without a command line",
					s.name, s.line(spec.Pos()), engine)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s:%d: a goroutine: the command does one thing at a time; concurrent work belongs in cmd/internal/survey or below", s.name, s.line(g.Pos()))
			}
			return true
		})
	}
	if files > mostFiles || lines >= mostLines {
		t.Errorf("%s has %d files and %d lines: over %d files or %d lines it does more than its work; move that to cmd/internal/survey or below", command, files, lines, mostFiles, mostLines)
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, f := range functions(s) {
			if f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s:%d: func init: code that nothing calls cannot be ordered or tested; put it into a literal table, or call it", s.name, s.line(f.Pos()))
			}
		}
	}
}

func TestSizes(t *testing.T) {
	const longFile, longFunction, manyFiles = 300, 60, 20
	files := map[string]int{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		files[s.pkg()]++
		if n := strings.Count(s.text, "\n"); n > longFile {
			t.Errorf("%s: %d lines: a file over %d is about more than one thing", s.name, n, longFile)
		}
		for _, f := range functions(s) {
			if n := s.line(f.End()) - s.line(f.Pos()) + 1; n > longFunction {
				t.Errorf("%s:%d: func %s has %d lines: over %d it does more than one thing, and does not fit on a screen", s.name, s.line(f.Pos()), f.Name.Name, n, longFunction)
			}
		}
	}
	for pkg, n := range files {
		if n > manyFiles && pkg != "exreach/probe/protocol" { // which has one for each protocol
			t.Errorf("%s has %d files: over %d it is about more than one thing; give one of them a package of its own", pkg, n, manyFiles)
		}
	}
}

func functions(s source) []*ast.FuncDecl {
	var all []*ast.FuncDecl
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			all = append(all, f)
		}
	}
	return all
}

func TestLicenceLine(t *testing.T) {
	const line = "// SPDX-License-Identifier: Apache-2.0\n"
	for _, s := range sources(t) {
		if !strings.HasPrefix(s.text, line) {
			t.Errorf("%s: the first line must be %q: tools read the licence there", s.name, line)
		}
	}
}

// TestWorld keeps the environment, the arguments and the standard streams in the main.go
// of each program, which hands them to everything else. Tests do the same.
func TestWorld(t *testing.T) {
	reserved := regexp.MustCompile(`\bos\.(Args|Stdin|Stdout|Stderr|Exit|Getenv|LookupEnv|Environ)\b|\blog\.(Print|Fatal|Panic)|\bcontext\.Background\(\)|\bpanic\(`)
	for _, s := range sources(t) {
		if s.isTest() || path.Base(s.name) == "main.go" {
			continue
		}
		for i, line := range strings.Split(s.text, "\n") {
			code, _, _ := strings.Cut(line, "//")
			if found := reserved.FindString(code); found != "" {
				t.Errorf("%s:%d: %s: only main.go may use this; take it as an argument, or return an error", s.name, i+1, found)
			}
		}
	}
}

func TestReadme(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	demo := strings.Index(string(text), "\ngo run ./cmd/exreach demo\n")
	test := strings.Index(string(text), "\ngo test ./...\n")
	if demo < 0 || test < demo {
		t.Error("README.md must show the two commands of a newcomer near its top, first `go run ./cmd/exreach demo`, then `go test ./...`")
	}
	if _, err := os.Stat("cmd/exreach/demo.go"); err != nil {
		t.Errorf("README.md's first command: %v", err)
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(string(text), -1) {
		if _, err := os.Stat(filepath.FromSlash(link[1])); err != nil {
			t.Errorf("README.md: the link to %s leads nowhere", link[1])
		}
	}
}

// TestDependencies wants a reason for every module that is imported, and a module for
// every reason.
func TestDependencies(t *testing.T) {
	text, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	imported := map[string]bool{}
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			imported[name] = true
		}
	}
	required := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\s*(?:require )?(\S+\.\S+/\S+) v\S+( // indirect)?$`).FindAllStringSubmatch(string(text), -1) {
		module, indirect := m[1], m[2] != ""
		used := slices.ContainsFunc(slices.Collect(maps.Keys(imported)), func(name string) bool {
			return name == module || strings.HasPrefix(name, module+"/")
		})
		if used == indirect {
			t.Errorf("go.mod: %s is imported: %t, and marked indirect: %t", module, used, indirect)
		}
		if required[module] = !indirect; !indirect && dependencies[module] == "" {
			t.Errorf("go.mod requires %s: users must trust the code of every dependency; do without it, or add it to the list in law_test.go with the reason", module)
		}
	}
	for module := range dependencies {
		if !required[module] {
			t.Errorf("law_test.go has a reason for %s, which go.mod does not require", module)
		}
	}
	if strings.Contains(string(text), "\nreplace ") {
		t.Error("go.mod replaces a module: go install refuses that")
	}
}

// TestSystemsHaveOneRoom keeps what differs between systems in probe/socket and below, where
// the files for each system have the same functions.
func TestSystemsHaveOneRoom(t *testing.T) {
	forOne := regexp.MustCompile(`_(linux|windows|darwin|unix|amd64|arm64)\.go$`)
	const reason = "\n// Not in probe/socket: "
	for _, s := range sources(t) {
		tagged := forOne.MatchString(s.name) || strings.Contains(s.text, "\n//go:build ")
		if tagged && !s.isTest() && !strings.HasPrefix(s.name, "probe/socket/") && !strings.HasPrefix(s.name, "bench/") && !strings.Contains(s.text, reason) {
			t.Errorf("%s is for some systems only: move it to probe/socket, or say why not in a line that begins with %q", s.name, strings.TrimSpace(reason))
		}
	}
}

// TestPackageVariables allows variables that are used like constants: tables, embedded
// files, patterns, and errors to compare with.
func TestPackageVariables(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || s.isTest() {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				if v.Names[0].Name != "_" && !isEmbed(g.Doc) && !isConstant(v) {
					t.Errorf("%s:%d: var %s: all users and tests of a package share its state; put it into a struct", s.name, s.line(v.Pos()), v.Names[0].Name)
				}
			}
		}
	}
}

func isEmbed(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// isConstant reports whether v has its value from its declaration: a variable without one
// is meant to change.
func isConstant(v *ast.ValueSpec) bool {
	return len(v.Values) > 0 && !slices.ContainsFunc(v.Values, func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.CompositeLit, *ast.BasicLit, *ast.FuncLit, *ast.CallExpr:
			return false
		case *ast.UnaryExpr:
			_, literal := e.X.(*ast.CompositeLit)
			return !literal
		}
		return true
	})
}
