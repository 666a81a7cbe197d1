// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"exreach/cmd/internal/contact"
)

// TestVisits tells a wrong code from a contact, and counts the connections of one check once.
func TestVisits(t *testing.T) {
	var seen tally
	at := time.Unix(1000, 0)
	for _, v := range []struct {
		from   string
		proved bool
		after  time.Duration
	}{
		{"10.0.0.5:1", true, 0},
		{"10.0.0.5:2", true, 20 * time.Second}, // the same check
		{"10.0.0.6:1", false, 0},
		{"10.0.0.6:2", false, time.Second}, // the same code at the next port
		{"10.0.0.7:1", true, 0},
		{"10.0.0.5:3", true, 5 * time.Minute}, // another
	} {
		seen.visitedAt(contact.Visit{From: netip.MustParseAddrPort(v.from), Proved: v.proved}, at.Add(v.after))
	}
	if got := seen.made(); got.contacts != 3 || got.wrong != 1 {
		t.Errorf("%d contacts and %d wrong codes, want 3 and 1", got.contacts, got.wrong)
	}
	var out bytes.Buffer
	if err := (&log{text{to: &out}}).show(view{news: seen.look()}); err != nil {
		t.Fatal(err)
	}
	want := "contact with 10.0.0.5:1\ncontact with 10.0.0.7:1\ncontact with 10.0.0.5:3\nwrong code from 10.0.0.6:1\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	if err := (&linesJSON{&out}).show(view{news: news{wrong: []netip.AddrPort{netip.MustParseAddrPort("10.0.0.6:1")}}}); err != nil {
		t.Fatal(err)
	}
	if want := `{"wrong_code":{"from":"10.0.0.6:1"}}` + "\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
