// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"exreach/catalog"
	"exreach/probe"
)

func TestGrades(t *testing.T) {
	reached := []probe.Verdict{probe.Mismatch, probe.Silent, probe.Cut, probe.BadTLS}
	blocked := []probe.Verdict{probe.TimedOut, probe.Prohibited, probe.Unreachable}
	unasked := []probe.Verdict{probe.Unresolved, probe.Untried}
	for _, test := range []struct {
		want                                         catalog.Want
		answered, reached, refused, blocked, unasked Grade
	}{
		{catalog.Required, Pass, Fail, Fail, Fail, Unknown},
		{catalog.Optional, Pass, Warn, Pass, Warn, Unknown},
		{catalog.Off, Pass, Warn, Pass, Pass, Unknown},
		{catalog.Forbidden, Fail, Fail, Pass, Pass, Unknown},
	} {
		for _, c := range []struct {
			verdicts []probe.Verdict
			grade    Grade
		}{
			{[]probe.Verdict{probe.Answered}, test.answered},
			{reached, test.reached},
			{[]probe.Verdict{probe.Refused}, test.refused},
			{blocked, test.blocked},
			{unasked, test.unasked},
		} {
			for _, v := range c.verdicts {
				if got := gradeOf(test.want, v); got != c.grade {
					t.Errorf("%s %s is %s, want %s", test.want, v, got, c.grade)
				}
			}
		}
	}
}

// A want or verdict that is added must be graded.
func TestGradesComplete(t *testing.T) {
	for _, v := range constants(t, "../../probe/result.go", "Verdict") {
		if _, ok := grades[probe.Verdict(v)]; !ok {
			t.Errorf("verdict %s has no grades", v)
		}
	}
	for _, w := range constants(t, "../../catalog/catalog.go", "Want") {
		if !slices.Contains(Wants(), catalog.Want(w)) {
			t.Errorf("want %s has no grades", w)
		}
	}
}

// constants reads the values of a type's constants from the source.
func constants(t *testing.T, file, typ string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == typ {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		return true
	})
	if len(values) == 0 {
		t.Fatalf("%s has no constants of type %s", file, typ)
	}
	return values
}

func TestWorse(t *testing.T) {
	for _, test := range []struct{ a, b, want Grade }{
		{Pass, note, Pass}, {Pass, Warn, Warn}, {Warn, Fail, Fail}, {Fail, Warn, Fail}, {Warn, note, Warn}, {Unknown, Fail, Unknown},
	} {
		if got := worse(test.a, test.b); got != test.want {
			t.Errorf("%s with a finding of %s is %s, want %s", test.a, test.b, got, test.want)
		}
	}
}
