// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// datagramCatalog is the domain controller's services over UDP.
const datagramCatalog = `
version: lab
title: The lab
roles: [{name: dc, text: dc01}]
services:
  - {name: dns, role: dc, network: udp, port: 53, protocol: dns, wants: {mailbox: required}}
  - {name: kerberos, role: dc, network: udp, port: 88, protocol: kerberos, wants: {mailbox: required}}
  - {name: ntp, role: dc, network: udp, port: 123, protocol: ntp, wants: {mailbox: required}}
  - {name: cldap, role: dc, network: udp, port: 389, protocol: cldap, wants: {mailbox: required}}
`

// datagrams: UDP without an answer is timed out after every try, and an ICMP
// message is what it says, whoever sent it.
func (l *lab) datagrams(t *testing.T) {
	file := l.file(t, "datagrams.yaml", datagramCatalog)
	for _, c := range []struct {
		mode, verdict string
		said          bool // by the firewall
	}{
		{mode: "open", verdict: "answered"},
		{mode: "drop-in", verdict: "timed-out"},
		{mode: "drop-out", verdict: "timed-out"},
		{mode: "icmp-port", verdict: "refused", said: true},
		{mode: "icmp-admin", verdict: "prohibited", said: true},
		{mode: "icmp-host", verdict: "unreachable", said: true},
	} {
		t.Run(c.mode, func(t *testing.T) {
			l.firewall(t, []string{c.mode, "all/udp"})
			r, _ := l.check(t, dc4, dc6, "--catalog", file, "--version", "lab", "--from", "mailbox", "--timeout", "4s", "--connect-timeout", "700ms")
			for host, firewall := range map[string]string{dc4: firewall4, dc6: firewall6} {
				if !c.said {
					firewall = ""
				}
				want := map[string][2]string{}
				for _, name := range []string{"dns", "kerberos", "ntp", "cldap"} {
					want[name] = [2]string{c.verdict, firewall}
				}
				got := map[string][2]string{}
				for _, e := range r.Results {
					if e.Host == host && e.Network == "udp" {
						got[e.Service] = [2]string{string(e.Verdict), e.SaidBy}
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: verdict and who said it (- wanted, + found):\n%s", host, diff)
				}
			}
		})
	}
}
