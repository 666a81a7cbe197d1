// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

// A role that has next to nothing for who connects must not look like the whole
// server: Outlook reaches Exchange 2010 through its Client Access servers.
func TestThinRole(t *testing.T) {
	cat := catalog.Open()
	for _, test := range []struct {
		version, role, from string
		thin                bool
	}{
		{"2010", "mailbox", "client", true},
		{"2010", "client-access", "client", false},
		{"2019", "mailbox", "client", false},
	} {
		plan, err := cat.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: "mail01", Version: test.version, Role: test.role}}}, test.from)
		if err != nil {
			t.Fatal(err)
		}
		var told events
		p := &planner{taker: taker{cat: cat, from: test.from}, roleGiven: true, tell: told.add, told: map[[2]string]bool{}}
		p.tellThin(plan)
		p.tellThin(plan) // of the next host, about which there is nothing new to tell
		var want events
		if test.thin {
			n := told[0].(Thin).Services
			want = events{Thin{Version: "2010", Role: "mailbox", From: "client", Service: "endpoint-mapper", Busiest: "client-access", Services: n}}
		}
		if diff := cmp.Diff(want, told); diff != "" {
			t.Errorf("%s %s for %s (- want, + told):\n%s", test.version, test.role, test.from, diff)
		}
	}
}

// TestSample: the checks of many hosts are one of each kind.
func TestSample(t *testing.T) {
	cat := catalog.Open()
	var all sample
	for n := range 50 {
		plan, err := cat.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: fmt.Sprint("mail", n), Version: "2010", Role: "client-access"}}}, "client")
		if err != nil {
			t.Fatal(err)
		}
		all.add(plan)
		if each := len(flatten(plan)); len(all.checks) > each {
			t.Fatalf("%d checks of %d hosts with %d checks each", len(all.checks), n+1, each)
		}
	}
	f := filter{only: []string{"emsmdb", "443"}} // the first is behind an endpoint mapper
	if word, unknown := f.unknown(all.checks, func() []catalog.Service { return nil }); unknown {
		t.Errorf("%s is not among the checks", word)
	}
}
