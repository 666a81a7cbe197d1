// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every code is explained in the documentation, with its weights, once and in
// the order of the rules; and nothing else is.
func TestFindingsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([a-z, ]+) \\|(.*)\\|$").FindAllStringSubmatch(string(text), -1) {
		documented = append(documented, row[1]+": "+row[2])
		for _, cell := range strings.Split(row[3], "|") {
			if strings.TrimSpace(cell) == "" {
				t.Errorf("%s: an empty cell", row[1])
			}
		}
	}
	if diff := cmp.Diff(weights(), documented); diff != "" {
		t.Errorf("- rules, + docs/findings.md:\n%s", diff)
	}
}

// weights are the codes with all their weights, in order.
func weights() []string {
	words := map[Grade]string{Fail: "fail", Warn: "warn", note: "note"}
	var codes []string
	of := map[string][]string{}
	add := func(code string, grade Grade) {
		if of[code] == nil {
			codes = append(codes, code)
		}
		if !slices.Contains(of[code], words[grade]) {
			of[code] = append(of[code], words[grade])
		}
	}
	for _, r := range slices.Concat(explanations, observations) {
		add(r.code, r.weight)
	}
	for _, r := range cares {
		add(r.code, r.weight)
	}
	for _, r := range hostRules {
		add(r.code, r.weight)
	}
	for i, code := range codes {
		codes[i] = code + ": " + strings.Join(of[code], ", ")
	}
	return codes
}

// The opinion knows no format: whoever judges writes nothing.
func TestOpinionWritesNothing(t *testing.T) {
	for _, folder := range []string{".", "identity"} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				if writes := []string{`"bufio"`, `"encoding/json"`, `"io"`, `"os"`}; slices.Contains(writes, spec.Path.Value) {
					t.Errorf("%s imports %s: documents are made in package report", file, spec.Path.Value)
				}
			}
		}
	}
}
