// SPDX-License-Identifier: Apache-2.0

package wording

import (
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
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
		Facts: map[string]string{"x_owa_version": "16.0.1.1"}, Web: &web.Web{Origin: web.OfExchange},
	})
	for _, tt := range []struct {
		name    string
		results []probe.Result
		want    string
	}{
		{"nothing", nil, "does not say which version it is"},
		{"a build of the future", []probe.Result{future}, "mail reports a build of no known version (443: X-OWA-Version 16.0.1.1); it is Exchange but does not say which version it is"},
		{"a filter", []probe.Result{mail("220-InterScan Version 3.6-Build_1182 (mail): Ready")}, "mail: Trend Micro InterScan VirusWall answers, and what is behind it was not seen; checking it as"},
		{"one product", []probe.Result{mail("220 mail ESMTP Postfix")}, "does not say that it is Exchange: Postfix answers;"},
		{"two products", []probe.Result{mail("220 mail ESMTP Postfix"), imap}, "does not say that it is Exchange: Postfix and Dovecot answer;"},
	} {
		got := concluded("mail", identity.Identify(tt.results), "se")
		if !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q does not say %q", tt.name, got, tt.want)
		}
	}
}

// TestProgressTexts: the progress line, in all its forms.
func TestProgressTexts(t *testing.T) {
	const s = time.Second
	imap, submission := survey.WaitingFor{Host: "mail01", Port: "143/tcp", Silent: true}, survey.WaitingFor{Host: "mail02", Port: "587/tcp"}
	kerberos := survey.WaitingFor{Host: "mail01", Port: "88/udp"}
	few := survey.Waits{Silent: 1, Unanswered: 1, First: []survey.WaitingFor{imap, submission}}
	for _, test := range []struct {
		p    survey.Progress
		want []string
	}{
		{survey.Progress{Over: true, Left: 3 * s}, one("")},
		{survey.Progress{Phase: survey.FindingVersions, AllHosts: 1, Took: 400 * time.Millisecond, Left: -1}, one("finding out the version, 0.4 s")},
		{survey.Progress{Phase: survey.FindingVersions, AllHosts: 60, Known: 12, ToKnow: 58, Took: s, Left: -1}, one("finding out versions: 12/58 hosts, 1.0 s")},
		{survey.Progress{Phase: survey.FindingVersions, Known: 12, Left: -1}, one("finding out versions: 12 hosts, 0.0 s")},
		{survey.Progress{Phase: survey.Checking, AllHosts: 1, Checks: 1, AllChecks: 3, Took: 500 * time.Millisecond, Left: -1}, one("checking: 1/3 checks, 0.5 s")},
		{survey.Progress{Phase: survey.Checking, AllHosts: 60, Checks: 100, AllChecks: 960, Left: 24 * s}, one("checking: 100/960 checks, about 24 s left")},
		{survey.Progress{Phase: survey.Checking, Hosts: 20, AllHosts: 60, Checks: 410, AllChecks: 960, About: true, Left: 120 * s},
			[]string{"checking: 410/~960 checks, 20/60 hosts, about 2 min left", "checking: 410/~960 checks, about 2 min left"}},
		{survey.Progress{Phase: survey.Checking, Hosts: 20, Checks: 41, Took: 9 * s, Left: -1}, []string{"checking: 41 checks, 20 hosts, 9.0 s", "checking: 41 checks, 9.0 s"}},
		{survey.Progress{Phase: survey.Waiting, AllHosts: 1, Waits: survey.Waits{Silent: 1, First: []survey.WaitingFor{imap}}, Left: 17 * s, AtMost: true},
			[]string{"waiting for 143 (silent), at most 17 s", "waiting for 1 silent port, at most 17 s"}},
		{survey.Progress{Phase: survey.Waiting, AllHosts: 1, Waits: survey.Waits{Unanswered: 1, First: []survey.WaitingFor{kerberos}}, Left: 2 * s},
			[]string{"waiting for 88/udp (no answer), about 2 s left", "waiting for 1 port without an answer, about 2 s left"}},
		{survey.Progress{Phase: survey.Waiting, AllHosts: 60, Waits: survey.Waits{Silent: 180}, Left: 20 * s, AtMost: true}, one("waiting for 180 silent ports, at most 20 s")},
		{survey.Progress{Phase: survey.Waiting, AllHosts: 60, Waits: few, Traced: 3, ToTrace: 63, Left: 30 * s}, []string{
			"waiting for 143 of mail01 (silent), 587 of mail02 (no answer), then 60 traces, about 30 s left",
			"waiting for 1 silent port and 1 without an answer, then 60 traces, about 30 s left",
			"waiting for 2 ports, then 60 traces, about 30 s left"}},
		{survey.Progress{Phase: survey.LookingAgain, Waits: survey.Waits{Again: 12}, Left: 6 * s}, one("looking again at 12 ports, about 6 s left")},
		{survey.Progress{Phase: survey.LookingAgain, Left: s}, one("looking again, about 1 s left")},
		{survey.Progress{Phase: survey.Tracing, Traced: 7, ToTrace: 80, Left: 9 * s}, one("tracing: 7/80 ports, about 9 s left")},
	} {
		if got := OfProgress(test.p); !slices.Equal(got, test.want) {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
	for d, want := range map[time.Duration]string{s: "1 s", 99 * s: "99 s", 999 * s: "17 min", 20000 * s: "6 h"} {
		if got := roughly(d); got != want {
			t.Errorf("%s: %s, want %s", d, got, want)
		}
	}
}

// TestSaid: the notes on what happens in a run, word for word.
func TestSaid(t *testing.T) {
	for want, e := range map[string]survey.Event{
		"checking 2 hosts as --version 2016, 1 host as --version se\n1 host of these did not report a version":                                                                                                                survey.AllIdentified{Versions: []survey.Taken{{Version: "2016", Hosts: 2}, {Version: "se", Hosts: 1}}, Mute: 1},
		"stdin: 3999 lines repeat a host, which is checked once: the first is mail01 in line 2":                                                                                                                               survey.RepeatedLines{List: "stdin", Lines: 3999, First: "mail01", Line: 2},
		"role mailbox of version 2010 has only one service for client, endpoint-mapper, but role client-access has 9: check with --role client-access too, or with --role auto, which takes every role whose services answer": survey.Thin{Version: "2010", Role: "mailbox", From: "client", Service: "endpoint-mapper", Busiest: "client-access", Services: 9},
	} {
		if got := strings.Join(OfRun(e), "\n"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
