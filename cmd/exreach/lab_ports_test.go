// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/report/content"
)

// Everything that a run must find where the firewall lets everything pass, as
// port, service and verdict. lab/conf says which ports the servers listen on.
const (
	mailboxFromClient = `
		25/tcp   smtp             answered
		80/tcp   http             answered
		110/tcp  pop3             answered
		143/tcp  imap             answered
		443/tcp  activesync       answered
		443/tcp  api              answered
		443/tcp  autodiscover     answered
		443/tcp  ecp              answered
		443/tcp  ews              answered
		443/tcp  mapi             answered
		443/tcp  oab              answered
		443/tcp  owa              answered
		443/tcp  rpc-http         answered
		587/tcp  smtp-submission  answered
		993/tcp  imaps            answered
		995/tcp  pop3s            answered`

	mailboxFromMailbox = `
		25/tcp    smtp                 answered
		81/tcp    back-end-http        answered
		135/tcp   endpoint-mapper      answered
		444/tcp   back-end-https       answered
		445/tcp   smb                  answered
		465/tcp   smtp-client-proxy    answered
		475/tcp   smtp-delivery        answered
		476/tcp   smtp-476             refused
		477/tcp   smtp-477             refused
		717/tcp   smtp-outbound-proxy  answered
		808/tcp   mrs                  refused
		890/tcp   net-tcp-890          refused
		1993/tcp  imap-backend         answered
		1995/tcp  pop3-backend         answered
		2525/tcp  smtp-transport       answered
		3343/tcp  cluster              refused
		6001/tcp  ncacn-http-store     refused
		6002/tcp  ncacn-http-rfr       refused
		6004/tcp  ncacn-http-nspi      refused
		9710/tcp  net-tcp-9710         refused
		64327/tcp log-copier           refused
		64337/tcp net-tcp-64337        refused`

	mailboxFromInternet = mailboxFromClient + `
		81/tcp    back-end-http        answered
		135/tcp   endpoint-mapper      answered
		139/tcp   netbios-session      answered
		444/tcp   back-end-https       answered
		445/tcp   smb                  answered
		465/tcp   smtp-client-proxy    answered
		475/tcp   smtp-delivery        answered
		476/tcp   smtp-476             refused
		477/tcp   smtp-477             refused
		593/tcp   ncacn-http-mapper    refused
		717/tcp   smtp-outbound-proxy  answered
		808/tcp   mrs                  refused
		890/tcp   net-tcp-890          refused
		1993/tcp  imap-backend         answered
		1995/tcp  pop3-backend         answered
		2525/tcp  smtp-transport       answered
		3389/tcp  rdp                  answered
		5985/tcp  winrm                refused
		5986/tcp  winrm-https          refused
		6001/tcp  ncacn-http-store     refused
		6002/tcp  ncacn-http-rfr       refused
		6004/tcp  ncacn-http-nspi      refused
		9710/tcp  net-tcp-9710         refused
		64327/tcp log-copier           refused
		64337/tcp net-tcp-64337        refused`

	edgeFromMailbox = `
		25/tcp    smtp        answered
		50389/tcp edge-ldap   answered
		50636/tcp edge-ldaps  answered`

	// Samba registers no address book.
	dcFromMailbox = `
		53/tcp    dns              answered
		53/udp    dns-udp          answered
		88/tcp    kerberos         answered
		88/udp    kerberos-udp     answered
		123/udp   ntp              answered
		135/tcp   endpoint-mapper  answered
		139/tcp   netbios-session  answered
		389/tcp   ldap             answered
		389/udp   cldap            answered
		445/tcp   smb              answered
		464/tcp   kpasswd          answered
		464/udp   kpasswd-udp      answered
		636/tcp   ldaps            answered
		3268/tcp  gc               answered
		3269/tcp  gcs              answered
		dynamic   drsuapi          answered
		dynamic   lsarpc           answered
		dynamic   netlogon         answered
		dynamic   samr             answered
		0/tcp     nspi             refused`

	// NetBIOS knows no IPv6.
	windowsFromMailbox4 = dcFromMailbox + `
		137/udp   netbios-ns       answered`
	windowsFromMailbox6 = dcFromMailbox + `
		137/udp   netbios-ns       refused`
)

func (l *lab) everyPort(t *testing.T) {
	for _, c := range []struct {
		version, role, from string
		hosts               []string
		want                string
		exit                int
	}{
		{"2019", "mailbox", "client", []string{mail4, mail6}, mailboxFromClient, 0},
		{"2019", "mailbox", "mailbox", []string{mail4, mail6}, mailboxFromMailbox, 0},
		{"2019", "mailbox", "internet", []string{mail4, mail6}, mailboxFromInternet, 1},
		{"2019", "edge", "mailbox", []string{mail4, mail6}, edgeFromMailbox, 1},
		{"se", "domain-controller", "mailbox", []string{dc4, dc6}, dcFromMailbox, 0},
		{"windows", "domain-controller", "mailbox", []string{dc4}, windowsFromMailbox4, 0},
		{"windows", "domain-controller", "mailbox", []string{dc6}, windowsFromMailbox6, 0},
	} {
		t.Run(c.version+" "+c.role+" from "+c.from, func(t *testing.T) {
			l.firewall(t)
			r, code := l.check(t, append(c.hosts, "--version", c.version, "--role", c.role, "--from", c.from)...)
			for _, host := range c.hosts {
				compareList(t, r, host, host, c.want)
			}
			if code != c.exit {
				t.Errorf("exit code %d, want %d", code, c.exit)
			}
		})
	}
	t.Run("by name", func(t *testing.T) {
		l.firewall(t)
		r, code := l.check(t, "mail01.lab.test", "--version", "2019", "--role", "mailbox", "--from", "client")
		compareList(t, r, "mail01.lab.test", mail4, mailboxFromClient)
		compareList(t, r, "mail01.lab.test", mail6, mailboxFromClient)
		if code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
	})
}

// compareList holds all results for one address of host against want.
func compareList(t *testing.T, r content.Report, host, address, want string) {
	t.Helper()
	var got []string
	for _, e := range r.Results {
		// What the endpoint map does not list was asked at no address.
		if e.Host != host || e.Address != address && e.Port != 0 {
			continue
		}
		port := fmt.Sprintf("%d/%s", e.Port, e.Network)
		if e.Parent != "" && e.Port >= 49152 {
			port = "dynamic"
		}
		got = append(got, port+" "+e.Service+" "+string(e.Verdict))
	}
	if diff := cmp.Diff(lines(want), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("%s at %s (- wanted, + found):\n%s", host, address, diff)
	}
}

// lines is every line of text with single spaces, sorted.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	slices.Sort(all)
	return all
}
