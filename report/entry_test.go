// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/report/content"
	"exreach/report/judge/scene"
)

// TestNameInTable wants what there is to know of a name under its host, once,
// though every row is as wanted.
func TestNameInTable(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	found := scene.Named(func(n *lookup.Name) { n.Found, n.Alias = "mail01.corp.example", "lb.corp.example" })
	s.Add("smtp", 25, found)
	s.Add("imap", 143, found)
	s.At("192.0.2.11").Add("smtp", 25, found)
	var text strings.Builder
	if err := put(&text, "table", draft(s.Results), content.Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "The name was found as mail01.corp.example, an alias of lb.corp.example"); n != 1 {
		t.Errorf("told %d times:\n%s", n, text.String())
	}
	if strings.Count(text.String(), "(alias of lb.corp.example)") != 2 {
		t.Errorf("each address has its name and what that stands for:\n%s", text.String())
	}
}

// TestNameInEntry wants a name in a document only where there is more to it than
// its addresses.
func TestNameInEntry(t *testing.T) {
	if n := content.NewName(&lookup.Name{Addrs: scene.IPs("192.0.2.10"), By: "10.77.3.53", Count: 1}); n != nil {
		t.Errorf("an ordinary name is told: %+v", n)
	}
	n := content.NewName(&lookup.Name{Addrs: scene.IPs("192.0.2.10"), By: "10.77.3.53", Count: 40})
	if n == nil || n.Addresses != 40 || n.By != "10.77.3.53" {
		t.Errorf("a name of 40 addresses: %+v", n)
	}
}

// What holds beyond the services is told once, however many hosts it is about.
func TestGroundRules(t *testing.T) {
	rules := []catalog.GroundRule{
		{Text: "Open every port.", Sources: []catalog.Source{{Key: "NP", Title: "network ports"}}},
		{Text: "Change nothing.", Sources: []catalog.Source{{Key: "HTR", Title: "transport routing"}}},
	}
	results := scene.Network()
	for i := range results {
		results[i].Check.Ground = rules[:1+i%2]
	}
	r := draft(results)
	want := []content.GroundRule{{Text: "Change nothing.", Sources: []string{"transport routing"}}, {Text: "Open every port.", Sources: []string{"network ports"}}}
	if diff := cmp.Diff(want, r.GroundRules); diff != "" {
		t.Errorf("ground rules (-want +got):\n%s", diff)
	}
	var text strings.Builder
	if err := put(&text, "table", r, content.Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "Ground rule: Open every port. (network ports)\n"); n != 1 {
		t.Errorf("the table tells it %d times:\n%s", n, text.String())
	}
	if r := draft(scene.Network()); r.GroundRules != nil {
		t.Errorf("rules out of nowhere: %v", r.GroundRules)
	}
}
