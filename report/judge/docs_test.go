// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
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

// Every code is explained in the documentation, under the heading of its rules, with its
// weights, once and in the order of the rules; and nothing else is. An explanation weighs
// what the grade is, so no weight stands there.
func TestFindingsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/findings.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []rule // that weigh on the care
	for _, r := range hostRules {
		all = append(all, rule{code: r.code, weight: r.weight})
	}
	for _, section := range []struct {
		heading string
		on      Scale
		want    []string
	}{
		{"Why a result is not as wanted", OnGrade, codesOf(explanations)},
		{"What else affects reachability", OnGrade, weights(observations)},
		{"Care: what else is wrong", OnCare, weights(slices.Concat(caring(), all))},
	} {
		_, after, found := strings.Cut(string(text), "\n## "+section.heading+"\n\n")
		body, _, _ := strings.Cut(after, "\n## ")
		if scale := fmt.Sprintf("**Weighs on `%s`.**", section.on); !found || !strings.HasPrefix(body, scale) {
			t.Errorf("%s: found: %t; it should begin with %s: %.60q", section.heading, found, scale, body)
		}
		if diff := cmp.Diff(section.want, documented(t, body)); diff != "" {
			t.Errorf("%s (- rules, + docs/findings.md):\n%s", section.heading, diff)
		}
	}
}

// documented is the codes of a table with their weights, in its order.
func documented(t *testing.T, body string) []string {
	t.Helper()
	var codes []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)`((?: \\| [^|]+)+) \\|$").FindAllStringSubmatch(body, -1) {
		code, cells := row[1], strings.Split(row[2], " | ")[1:]
		if len(cells) == 4 { // with a weight
			code += ": " + cells[0]
		} else if len(cells) != 3 {
			t.Errorf("%s: %d cells", code, len(cells))
		}
		codes = append(codes, code)
	}
	if rows := strings.Count(body, "\n| `"); rows != len(codes) {
		t.Errorf("%d of %d rows could be read, up to %q", len(codes), rows, codes)
	}
	return codes
}

// caring is the cares as rules.
func caring() []rule {
	var rules []rule
	for _, r := range cares {
		rules = append(rules, r.rule)
	}
	return rules
}

// codesOf is the codes of some rules, each once and in order.
func codesOf(tables ...[]rule) []string {
	var codes []string
	for _, r := range slices.Concat(tables...) {
		if !slices.Contains(codes, r.code) {
			codes = append(codes, r.code)
		}
	}
	return codes
}

// weights is the codes of some rules with all their weights.
func weights(rules []rule) []string {
	words := map[Grade]string{Fail: "fail", Warn: "warn", note: "note"}
	of := map[string][]string{}
	for _, r := range rules {
		if !slices.Contains(of[r.code], words[r.weight]) {
			of[r.code] = append(of[r.code], words[r.weight])
		}
	}
	codes := codesOf(rules)
	for i, code := range codes {
		codes[i] = code + ": " + strings.Join(of[code], ", ")
	}
	return codes
}

// TestLabels: everything that weighs on the care has one label, which fits into a headline:
// "Certificate: expired".
func TestLabels(t *testing.T) {
	labels := map[string]string{}
	check := func(code, label string) {
		if known, told := labels[code]; told && known != label {
			t.Errorf("%s has two labels: %q and %q", code, known, label)
		}
		if labels[code] = label; !regexp.MustCompile(`^[A-Z][A-Za-z0-9 ]+: .*[^.]$`).MatchString(label) || len(label) > 50 {
			t.Errorf("%s: %q", code, label)
		}
		if got := Label(code); got != label {
			t.Errorf("%s is told as %q, not %q", code, got, label)
		}
	}
	for _, r := range cares {
		check(r.code, r.label)
	}
	for _, r := range hostRules {
		check(r.code, r.label)
	}
	if got := Label("from-the-future"); got != "from-the-future" {
		t.Error(got)
	}
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
