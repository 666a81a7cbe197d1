// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"exreach/catalog"
)

// toldApart are the protocols that a port of which nothing is known turns out to speak,
// by those of its server. Of the others only TLS shows.
var toldApart = map[string]string{
	"smtp": "smtp", "pop3": "pop3", "imap": "imap", "nntp": "nntp", "telnet": "telnet",
	"http": "http", "caldav": "http",
}

// anyProtocol asks every real server over TCP without knowing what it speaks. The port must
// be reachable in any case.
func (l *lab) anyProtocol(t *testing.T) {
	l.firewall(t)
	file := l.file(t, "any.yaml", anyCatalog())
	for _, s := range sides {
		r, _ := l.check(t, s.hosts[0], s.hosts[1], "--catalog", file, "--version", "lab", "--role", s.role, "--from", "client")
		found := map[string]string{}
		for _, e := range r.Results {
			found[fmt.Sprintf("%s %d", e.Host, e.Port)] = fmt.Sprintf("%s %s, TLS %s", e.Verdict, e.Protocol, e.TLS)
		}
		for _, server := range s.servers {
			for _, host := range s.hosts {
				got := found[fmt.Sprintf("%s %d", host, server.port)]
				if want := server.unasked(); server.network == "tcp" && got != want {
					t.Errorf("%s, port %d: %q, want %q", host, server.port, got, want)
				}
			}
		}
	}
}

// unasked is what exreach shows of s if it does not know the protocol.
func (s realServer) unasked() string {
	if s.tls {
		return fmt.Sprintf("answered %s, TLS implicit", cmp.Or(toldApart[s.speaks], "tls"))
	}
	return fmt.Sprintf("answered %s, TLS none", cmp.Or(toldApart[s.speaks], catalog.AnyProtocol))
}

// anyCatalog is a catalogue with a row for every port over TCP.
func anyCatalog() string {
	var b strings.Builder
	b.WriteString("version: lab\ntitle: The lab\nroles: [{name: mail, text: mail01}, {name: dc, text: dc01}]\nservices:\n")
	for _, side := range sides {
		for _, s := range side.servers {
			if s.network == "tcp" {
				fmt.Fprintf(&b, "  - {name: port-%d, role: %s, network: tcp, port: %d, protocol: any, wants: {client: required}}\n", s.port, side.role, s.port)
			}
		}
	}
	return b.String()
}
