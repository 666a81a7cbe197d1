// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"

	"exreach/catalog"
)

// A role that has next to nothing for who connects must not look like the whole
// server: Outlook reaches Exchange 2010 through its Client Access servers.
func TestThinRole(t *testing.T) {
	cat, err := catalog.Open()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ version, role, from, says string }{
		{"2010", "mailbox", "client", "exreach: role mailbox of version 2010 has only one service for client, endpoint-mapper, but role client-access has "},
		{"2010", "client-access", "client", ""},
		{"2019", "mailbox", "client", ""},
	} {
		plan, err := cat.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: "mail01", Version: test.version, Role: test.role}}}, test.from)
		if err != nil {
			t.Fatal(err)
		}
		var notes bytes.Buffer
		p := &planner{cat: cat, from: test.from, given: true, notes: &notes, told: map[[2]string]bool{}}
		p.noteThin(plan)
		p.noteThin(plan) // of the next host, about which there is nothing new to say
		if got := notes.String(); !strings.HasPrefix(got, test.says) || test.says == "" && got != "" || strings.Count(got, "\n") > 1 {
			t.Errorf("%s %s for %s: %q", test.version, test.role, test.from, got)
		}
	}
}
