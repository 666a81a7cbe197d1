// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"strings"
	"testing"

	"exreach/report/content"
)

// A firewallCase is what exreach must say about a port that a firewall treats
// in this way.
type firewallCase struct {
	mode     string
	port     string
	dc       bool // of the domain controller; else of the Exchange server
	verdict  string
	step     string // the step it came to
	said     bool   // the firewall said so, under its own address
	evidence string // what the excerpt begins with
}

// What a reset does to connect differs: it may be there before connect returns,
// so the case does not say how far it came.
var firewallCases = []firewallCase{
	{mode: "drop-in", port: "25", verdict: "timed-out", step: "connect"},
	{mode: "drop-out", port: "25", verdict: "timed-out", step: "connect"},
	{mode: "reject-rst", port: "25", verdict: "refused", step: "connect"},
	{mode: "icmp-admin", port: "25", verdict: "prohibited", step: "connect", said: true},
	{mode: "icmp-host", port: "25", verdict: "unreachable", step: "connect", said: true},
	{mode: "icmp-port", port: "25", verdict: "refused", step: "connect", said: true},
	{mode: "accept-silent", port: "25", verdict: "silent", step: "greet"},
	{mode: "accept-silent", port: "80", verdict: "silent", step: "greet"},
	{mode: "accept-silent", port: "993", verdict: "silent", step: "tls"},
	{mode: "drop-data", port: "25", verdict: "silent", step: "greet"},
	{mode: "drop-data", port: "80", verdict: "silent", step: "greet"},
	{mode: "drop-data", port: "993", verdict: "silent", step: "tls"},
	{mode: "accept-fin", port: "25", verdict: "cut", step: "greet"},
	{mode: "accept-fin", port: "80", verdict: "cut", step: "greet"},
	{mode: "accept-fin", port: "993", verdict: "cut", step: "tls"},
	{mode: "accept-rst", port: "25", verdict: "cut"},
	{mode: "accept-rst", port: "80", verdict: "cut"},
	{mode: "accept-rst", port: "993", verdict: "cut"},
	{mode: "other-protocol", port: "25", verdict: "mismatch", evidence: "SSH-2.0-OpenSSH"},
	{mode: "other-protocol", port: "80", verdict: "mismatch", evidence: "SSH-2.0-OpenSSH"},
	{mode: "other-protocol", port: "110", verdict: "mismatch", evidence: "SSH-2.0-OpenSSH"},
	{mode: "block-page", port: "25", verdict: "mismatch", evidence: "HTTP/1.1 403"},
	{mode: "block-page", port: "80", verdict: "mismatch", evidence: "HTTP/1.1 403"},
	{mode: "block-page", port: "143", verdict: "mismatch", evidence: "HTTP/1.1 403"},
	{mode: "plain-on-tls", port: "443", verdict: "bad-tls", step: "tls", evidence: "+OK POP3 ready"},
	{mode: "plain-on-tls", port: "993", verdict: "bad-tls", step: "tls", evidence: "+OK POP3 ready"},

	{mode: "icmp-admin", port: "135", dc: true, verdict: "prohibited", step: "connect", said: true},
	{mode: "accept-silent", port: "135", dc: true, verdict: "silent"},
	{mode: "drop-data", port: "389", dc: true, verdict: "silent"},
	{mode: "accept-fin", port: "135", dc: true, verdict: "cut"},
	{mode: "accept-rst", port: "389", dc: true, verdict: "cut"},
	{mode: "other-protocol", port: "135", dc: true, verdict: "mismatch", evidence: "SSH-2.0-OpenSSH"},
	{mode: "other-protocol", port: "389", dc: true, verdict: "mismatch", evidence: "SSH-2.0-OpenSSH"},
	{mode: "block-page", port: "135", dc: true, verdict: "mismatch", evidence: "HTTP/1.1 403"},
	{mode: "block-page", port: "389", dc: true, verdict: "mismatch", evidence: "HTTP/1.1 403"},
	{mode: "plain-on-tls", port: "636", dc: true, verdict: "bad-tls", step: "tls", evidence: "+OK POP3 ready"},
}

func (l *lab) firewallModes(t *testing.T) {
	for _, c := range firewallCases {
		t.Run(c.mode+" "+c.port, func(t *testing.T) {
			l.firewall(t, []string{c.mode, c.port})
			hosts := [2]string{mail4, mail6}
			plan := []string{"--version", "2019", "--role", "mailbox", "--from", "client"}
			if c.dc {
				hosts = [2]string{dc4, dc6}
				plan = []string{"--version", "windows", "--role", "domain-controller", "--from", "mailbox"}
			}
			r, _ := l.check(t, append(plan, hosts[0], hosts[1], "--only", c.port, "--timeout", "4s", "--connect-timeout", "1500ms")...)
			c.compare(t, r, hosts[0], firewall4)
			c.compare(t, r, hosts[1], firewall6)
		})
	}
}

// compare holds every result for host over TCP against c.
func (c firewallCase) compare(t *testing.T, r content.Report, host, firewall string) {
	t.Helper()
	count := 0
	for _, e := range r.Results {
		if e.Host != host || e.Network != "tcp" {
			continue
		}
		count++
		said := ""
		if c.said {
			said = firewall
		}
		switch {
		case string(e.Verdict) != c.verdict,
			c.step != "" && string(e.Step) != c.step,
			e.SaidBy != said,
			!strings.HasPrefix(e.Evidence, c.evidence),
			e.Address != host:
			t.Errorf("want %s at step %q, said by %q, evidence %q; got\n%s", c.verdict, c.step, said, c.evidence, dump(e))
		}
	}
	if count == 0 {
		t.Errorf("nothing about %s in the report", host)
	}
}
