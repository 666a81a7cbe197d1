// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/standin"
)

// TestFewPorts: the contact comes about where a plan has few ports, and none with words in
// its answers but those of RPC, X.400 or TLS that wants a certificate.
func TestFewPorts(t *testing.T) {
	for _, of := range []struct{ version, role, from string }{
		{"2010", "client-access", "um"},
		{"2010", "client-access", "hub"},
		{"2010", "client-access", "mailbox"},
		{"2010", "hub", "mailbox"},
		{"2010", "client-access", "ocs"},
		{"2003", "back-end", "x400-peer"},
		{"5.5", "server", "server"},
		{"5.5", "server", "admin"},
		{"5.5", "server", "other-site"},
		{"5.5", "server", "x400-peer"},
	} {
		t.Run(of.version+" "+of.role+" from "+of.from, func(t *testing.T) {
			v, err := catalog.Open().Version(of.version)
			if err != nil {
				t.Fatal(err)
			}
			server, err := standin.New(v, of.role)
			if err != nil {
				t.Fatal(err)
			}
			l := serve(t, server, func(*far.Record) {})
			s := &Stage{}
			s.Codes.Add("", l.desk.Code)
			plan := planFrom(t, catalog.Host{Name: "127.0.0.1", Version: of.version, Role: of.role}, of.from)
			h := run(t.Context(), s, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, plan)[0]
			if c := h.Contacts; len(c) != 1 || c[0].Failed != "" {
				t.Errorf("contacts %+v of %d results", c, len(h.Results))
			}
		})
	}
}
