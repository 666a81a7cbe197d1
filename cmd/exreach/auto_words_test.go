// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"exreach/probe/protocol"
	"exreach/report"
)

// TestConcluded: where no version is known, the line says what answers if that is not
// Exchange.
func TestConcluded(t *testing.T) {
	mail := func(greeting string) report.Entry {
		return report.Entry{Service: "smtp", Protocol: "smtp", Port: 25, Verdict: "answered", Peer: &protocol.Peer{Greeting: greeting}}
	}
	imap := mail("* OK Dovecot ready.")
	imap.Service, imap.Protocol, imap.Port = "imap", "imap", 143
	future := report.Entry{Service: "owa", Protocol: "http", Path: "/owa/", Port: 443, Verdict: "answered", Peer: &protocol.Peer{
		Facts: map[string]string{"x_owa_version": "16.0.1.1"}, Web: &protocol.Web{Origin: protocol.OfExchange},
	}}
	for _, tt := range []struct {
		name    string
		entries []report.Entry
		want    string
	}{
		{"nothing", nil, "does not say which version it is"},
		{"a build of the future", []report.Entry{future}, "mail reports a build of no known version (443: X-OWA-Version 16.0.1.1); it is Exchange and does not say which version it is"},
		{"a filter", []report.Entry{mail("220-InterScan Version 3.6-Build_1182 (mail): Ready")}, "mail: Trend Micro InterScan VirusWall answers, and what is behind was not seen; checking it as"},
		{"one product", []report.Entry{mail("220 mail ESMTP Postfix")}, "does not say that it is Exchange: Postfix answers;"},
		{"two products", []report.Entry{mail("220 mail ESMTP Postfix"), imap}, "does not say that it is Exchange: Postfix and Dovecot answer;"},
	} {
		got := concluded("mail", report.Identify(tt.entries), "se")
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q does not say %q", tt.name, got, tt.want)
		}
	}
}
