// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/judge/identity"
)

// TestConcluded: where no version is known, the line says what answers if that is not
// Exchange.
func TestConcluded(t *testing.T) {
	answer := func(service string, port uint16, peer protocol.Peer) probe.Result {
		of := catalog.Service{Name: service, Protocol: service}
		return probe.Result{Check: catalog.Check{Service: of}, Port: port, Verdict: probe.Answered, Peer: &peer}
	}
	mail := func(greeting string) probe.Result { return answer("smtp", 25, protocol.Peer{Greeting: greeting}) }
	imap := answer("imap", 143, protocol.Peer{Greeting: "* OK Dovecot ready."})
	future := answer("http", 443, protocol.Peer{
		Facts: map[string]string{"x_owa_version": "16.0.1.1"}, Web: &protocol.Web{Origin: protocol.OfExchange},
	})
	for _, tt := range []struct {
		name    string
		results []probe.Result
		want    string
	}{
		{"nothing", nil, "does not say which version it is"},
		{"a build of the future", []probe.Result{future}, "mail reports a build of no known version (443: X-OWA-Version 16.0.1.1); it is Exchange and does not say which version it is"},
		{"a filter", []probe.Result{mail("220-InterScan Version 3.6-Build_1182 (mail): Ready")}, "mail: Trend Micro InterScan VirusWall answers, and what is behind was not seen; checking it as"},
		{"one product", []probe.Result{mail("220 mail ESMTP Postfix")}, "does not say that it is Exchange: Postfix answers;"},
		{"two products", []probe.Result{mail("220 mail ESMTP Postfix"), imap}, "does not say that it is Exchange: Postfix and Dovecot answer;"},
	} {
		got := concluded("mail", identity.Identify(tt.results), "se")
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q does not say %q", tt.name, got, tt.want)
		}
	}
}
