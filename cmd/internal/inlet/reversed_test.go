// SPDX-License-Identifier: Apache-2.0

package inlet

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/contact"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/standin"
	"exreach/report"
)

// TestWholeReversed: a far end that checked back has asked what it should, or its report is
// left out.
func TestWholeReversed(t *testing.T) {
	cat := catalog.Open()
	v, err := cat.Version("se")
	if err != nil {
		t.Fatal(err)
	}
	near, err := standin.New(v, "mailbox")
	if err != nil {
		t.Fatal(err)
	}
	if err := near.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	of := netip.MustParseAddr("127.0.0.1")
	for _, asked := range []string{"mailbox", "edge"} {
		text, err := contact.Returner{Catalog: cat, Roles: []string{asked}, Tool: "exreach test", Pool: probe.Pool{Dial: near.Dial}}.
			Check(t.Context(), contact.Return{To: of, Token: "abcdefgh234567zz", Version: "se", Role: "mailbox"})
		if err != nil {
			t.Fatal(err)
		}
		r := contact.Reversed{Of: of, Report: text, Record: near.RecordFor(of, ""), Wanted: func(from string) ([]catalog.Check, error) {
			if asked == "edge" {
				from = "mailbox" // of which an edge server asks less
			}
			return cat.Plan(catalog.Topology{Hosts: []catalog.Host{{Name: "localhost", Version: "se", Role: "mailbox"}}}, from)
		}}
		r.Record.Schema, r.Record.Now, r.Record.Tool, r.Record.Listener = far.Schema, time.Now(), "exreach test", "amber"
		err = ReadReversed(report.NewDraft(), 1, r)
		if leftOut := err != nil && strings.Contains(err.Error(), "left out"); leftOut != (asked == "edge") || err != nil && !leftOut {
			t.Errorf("asked as %s: %v", asked, err)
		}
	}
}
