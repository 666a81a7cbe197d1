// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestOneFileTakesTurns wants every wait for a turn in turns.go, where their order can
// be read: a wait elsewhere could let two checks wait for one another.
func TestOneFileTakesTurns(t *testing.T) {
	takes := regexp.MustCompile(`^(Acquire|TryAcquire|Allow|AllowN|Reserve|ReserveN|WaitN)$`) // of semaphore.Weighted and rate.Limiter
	const home = "turns.go"
	found := map[string]int{}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	for _, e := range entries {
		name := e.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && takes.MatchString(s.Sel.Name) {
				found[name]++
				if name != home {
					t.Errorf("%s: %s takes a turn: it belongs into %s", files.Position(s.Sel.Pos()), s.Sel.Name, home)
				}
			}
			return true
		})
	}
	if found[home] == 0 {
		t.Errorf("%s takes no turns: the test looks for the wrong names", home)
	}
}
