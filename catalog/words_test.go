// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWordError(t *testing.T) {
	versions := []string{"online", "se", "2019", "2016", "2013"}
	tests := []struct {
		err  WordError
		want string
	}{
		{WordError{"version", "2018", versions},
			`unknown version "2018": did you mean 2019? accepted: 2019, 2016, 2013, se, online`},
		{WordError{"version", "SE", versions},
			`unknown version "SE": did you mean se? accepted: se, 2019, 2016, 2013, online`},
		{WordError{"format", "jsno", []string{"table", "json", "csv"}},
			`unknown format "jsno": did you mean json? accepted: json, csv, table`},
		{WordError{"format", "potato-soup", []string{"table", "json"}},
			`unknown format "potato-soup": accepted: table, json`},
		{WordError{"service", "smtp", nil},
			`unknown service "smtp": nothing is accepted here`},
		{WordError{"role", "", []string{"mailbox", "edge"}},
			`the role is missing: accepted: edge, mailbox`},
		{WordError{"role", strings.Repeat("m\x1b", 30), []string{"mailbox"}},
			`unknown role "` + strings.Repeat(`m\x1b`, 20) + `…": accepted: mailbox`},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("\n got %s\nwant %s", got, test.want)
		}
	}
}

func TestNearestLeavesItsInput(t *testing.T) {
	accepted := []string{"table", "json"}
	if got := Nearest("jsn", accepted); got[0] != "json" || accepted[0] != "table" {
		t.Errorf("got %v, input is now %v", got, accepted)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "hub", 3}, {"hub", "", 3}, {"hub", "HUB", 0},
		{"smpt", "smtp", 1}, {"port", "ports", 1}, {"clint", "client", 1}, {"2018", "2019", 1},
		{"prot", "protocol", 4}, {"prot", "port", 1}, {"kitten", "sitting", 3},
	}
	for _, test := range tests {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// A version of the user's own that says nothing of its place comes last, or by its number.
func TestReleaseOrder(t *testing.T) {
	want := []string{"4.0", "5.0", "5.5", "2000", "2003", "2007", "2010", "2013", "2016", "2019", "2022", "se", "online", "davmail", "windows", "zz-mine"}
	c := mustOpen(t)
	for _, name := range []string{"zz-mine", "2022"} {
		text := "version: \"" + name + "\"\ntitle: t\nroles: [{name: r, text: t}]\nservices: [{name: x, role: r, port: 26, protocol: smtp, wants: {client: required}}]\n"
		if err := c.Add("user.yaml", strings.NewReader(text), nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, c.Names()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestFromsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Froms {
		if f.Text == "" || seen[f.Name] || !namePattern.MatchString(f.Name) {
			t.Errorf("from %q: text %q, twice %t", f.Name, f.Text, seen[f.Name])
		}
		seen[f.Name] = true
	}
	if !seen[DefaultFrom] {
		t.Errorf("DefaultFrom %q is not one of Froms", DefaultFrom)
	}
}
