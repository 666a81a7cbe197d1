// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"maps"
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// FuzzReport lets a peer say anything in every place where a rule reads: it can
// neither break the report nor make a finding that says nothing.
func FuzzReport(f *testing.F) {
	for _, said := range []string{greets2019, greetsIIS, masked, "15.2.1544.4", "302 Found", "https://elsewhere.example/", "200 OK, MAIL01",
		"XXXXXXXA", "RSA 1024", "O=Contoso", "FALSE", "simple: refused: no", "2026-03-02T09:30:00Z", "20260302093000.0Z", "AUTH NTLM", `\x15\x03`} {
		for verdict := range uint8(6) {
			f.Add(said, said, verdict)
		}
	}
	verdicts := slices.Sorted(maps.Keys(grades))
	f.Fuzz(func(t *testing.T, said, also string, verdict uint8) {
		var results []probe.Result
		for _, name := range []string{"http", "imap", "ldap", "pop3", "rpc", "smtp"} {
			for _, port := range []uint16{25, 443, 465, 3268} {
				r := healthy(name, port)
				r.Verdict, r.Step = verdicts[int(verdict)%len(verdicts)], protocol.TLS
				r.Check.Service.Protocol, r.Check.Service.TLS, r.Check.Service.Role = name, catalog.StartTLS, []string{"mailbox", "domain-controller"}[port%2]
				r.Check.Service.HTTP = &catalog.Directory{Path: "/rpc/", Method: catalog.RPCInData, Health: "/rpc/healthcheck.htm"}
				r.Evidence = said
				r.Peer = anything(said, also)
				results = append(results, r)
			}
		}
		for _, e := range judged(results) {
			for _, found := range e.Findings {
				if found.Code == "" || found.Text == "" || found.Hint == "" {
					t.Errorf("%s: %+v", e.Check.Service.Name, found)
				}
			}
			if e.Verdict != probe.Answered && len(e.Findings) == 0 {
				t.Errorf("%s: %s without an explanation", e.Check.Service.Name, e.Verdict)
			}
		}
	})
}

// anything is a peer that says so everywhere.
func anything(said, also string) *protocol.Peer {
	p := &protocol.Peer{Greeting: said, Capabilities: []string{also, said}, Facts: map[string]string{}, TLS: goodTLS()}
	for _, name := range []string{"auth", "current_time", "global_catalog_ready", "health", "hello", "kind", "local_time", "location", "ms_webstorage",
		"server", "server_time", "starttls", "status", "via", "x_feserver", "x_owa_version", "x_powered_by"} {
		p.Facts[name] = also
	}
	p.TLS.Cipher, p.TLS.Chain[0].Issuer, p.TLS.Chain[0].Key = said, also, said
	return p
}
