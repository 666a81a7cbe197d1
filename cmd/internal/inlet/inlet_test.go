// SPDX-License-Identifier: Apache-2.0

package inlet

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestExpand: patterns stand for files in the order of their names, unless a file is called so.
func TestExpand(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"b.json", "a.json", "[1].json"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for names, want := range map[string][]string{
		"*.json":       {"[1].json", "a.json", "b.json"},
		"b.json":       {"b.json"},
		"?.json":       {"a.json", "b.json"},
		"[1].json":     {"[1].json"},
		"*.txt":        {"*.txt"},
		"[":            {"["},
		"-":            {"-"},
		"a.json - b.*": {"a.json", "-", "b.json"},
	} {
		if got := Expand(strings.Fields(names)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", names, got, want)
		}
	}
}

// TestOpen: all reports are there, or none is opened.
func TestOpen(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("a.json", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	in := strings.NewReader("")
	r, err := Open(t.Context(), []string{"a.json", "-"}, in)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Len() != 2 || r.Called() != "2 reports" || !slices.Equal(r.Files(), []string{"a.json", "stdin"}) {
		t.Errorf("%d reports, called %q, of the files %q", r.Len(), r.Called(), r.Files())
	}
	for said, names := range map[string][]string{
		"stdin is named twice, but can be read only once": {"-", "a.json", "-"},
		"cannot read the report: open b.json: ":           {"a.json", "b.json"},
		"cannot read the report: open .: it is a folder":  {"a.json", "."},
	} {
		if _, err := Open(t.Context(), names, in); err == nil || !strings.HasPrefix(err.Error(), said) {
			t.Errorf("%q: error %v", names, err)
		}
	}
}
