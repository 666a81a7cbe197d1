// SPDX-License-Identifier: Apache-2.0

//go:build lab

package main

import (
	"slices"
	"strings"
	"testing"

	"exreach/report/content"
	"exreach/report/judge"
)

// A view is who asks whom for what.
type view struct{ host, version, role, from string }

var (
	asClient     = view{"mail01.lab.test", "2019", "mailbox", "client"}
	asMailbox    = view{"mail01.lab.test", "2019", "mailbox", "mailbox"}
	asInternet   = view{"mail01.lab.test", "2019", "mailbox", "internet"}
	asAccess2010 = view{"mail01.lab.test", "2010", "mailbox", "client-access"}
	ofDC         = view{"dc01.lab.test", "windows", "domain-controller", "mailbox"}
)

func (v view) args(only ...string) []string {
	args := []string{v.host, "--version", v.version, "--role", v.role, "--from", v.from, "--timeout", "3s", "--connect-timeout", "800ms"}
	if len(only) > 0 {
		args = append(args, "--only", strings.Join(only, ","))
	}
	return args
}

// A scene is something between the client and the server, or wrong with the
// server, and what must be found then.
type scene struct {
	rules []string // of the firewall, as on its command line, without the first word
	view
	only    string   // the services that are asked; "" for all
	service string   // the one with the findings
	codes   []string // docs/findings.md
	where   string   // the addresses with the findings: "4", "6", or "" for both
}

var scenes = []scene{
	{[]string{"smtp-inspected 25"}, asClient, "smtp", "smtp", []string{"smtp-banner-masked", "smtp-keywords-masked", "starttls-missing"}, ""},
	{[]string{"smtp-no-ehlo 25"}, asClient, "smtp", "smtp", []string{"smtp-ehlo-refused"}, ""},
	{[]string{"smtp-no-certificate 25"}, asClient, "smtp", "smtp", []string{"starttls-no-certificate"}, ""},
	{[]string{"smtp-no-starttls 25"}, asClient, "smtp", "smtp", []string{"starttls-missing"}, ""},
	{[]string{"smtp-other-product 25"}, asClient, "smtp", "smtp", []string{"smtp-other-product"}, ""},
	{[]string{"smtp-iis 25"}, asClient, "smtp", "smtp", []string{"smtp-iis"}, ""},
	{[]string{"smtp-own-banner 25"}, asClient, "smtp", "smtp", []string{"smtp-banner-changed"}, ""},
	{[]string{"smtps 465"}, asMailbox, "465", "smtp-client-proxy", []string{"smtps-suspected"}, ""},
	{[]string{"drop-in 25"}, asInternet, "25,587", "smtp", []string{"smtp-25-blocked"}, ""},
	{[]string{"mail-shield 25"}, asClient, "smtp", "smtp", []string{"mail-shield"}, ""},
	{[]string{"drop-in all", "accept-silent 25", "accept-silent 110", "accept-silent 143", "accept-silent 587", "accept-silent 993", "accept-silent 995"}, asClient, "", "pop3", []string{"mail-shield"}, ""},

	{[]string{"certificate-expired 443"}, asClient, "owa", "owa", []string{"certificate-expired"}, ""},
	{[]string{"certificate-future 443"}, asClient, "owa", "owa", []string{"certificate-not-yet-valid"}, ""},
	{[]string{"certificate-soon 443"}, asClient, "owa", "owa", []string{"certificate-expires-soon"}, ""},
	{[]string{"certificate-other-name 443"}, asClient, "owa", "owa", []string{"certificate-name-mismatch"}, ""},
	{[]string{"certificate-self-signed 443"}, asClient, "owa", "owa", []string{"certificate-self-signed"}, ""},
	{[]string{"certificate-weak-key 443"}, asClient, "owa", "owa", []string{"certificate-weak-key"}, ""},
	{[]string{"certificate-other-ca 443"}, asClient, "owa,smtp-submission", "owa", []string{"certificate-untrusted", "certificate-other-issuer"}, ""},
	{[]string{"tls-old 443"}, asClient, "owa", "owa", []string{"tls-old"}, ""},
	{[]string{"tls-weak-cipher 636"}, ofDC, "ldaps", "ldaps", []string{"tls-weak-cipher"}, ""},
	{[]string{"plain-on-tls 995"}, asClient, "pop3s", "pop3s", []string{"plain-before-tls"}, ""},
	{[]string{"mtu-hole 443"}, asClient, "owa", "owa", []string{"handshake-stalls"}, ""},

	{[]string{"http-unhealthy 443"}, asClient, "owa", "owa", []string{"health-page"}, ""},
	{[]string{"http-other-server 443"}, asClient, "owa", "owa", []string{"answered-by"}, ""},
	{[]string{"http-no-headers 443"}, asClient, "ews", "ews", []string{"http-headers-missing"}, ""},
	{[]string{"http-no-verbs 443"}, asClient, "rpc-http", "rpc-http", []string{"http-verb-refused"}, ""},
	{[]string{"http-no-verbs 443"}, asClient, "activesync", "activesync", []string{"http-verb-refused"}, ""},
	{[]string{"http-login 443"}, asClient, "owa", "owa", []string{"http-foreign-page"}, ""},
	{[]string{"http-redirect 443"}, asClient, "owa", "owa", []string{"http-redirect-elsewhere"}, ""},
	{[]string{"http-proxy-login 443"}, asClient, "owa", "owa", []string{"http-proxy-login"}, ""},
	{[]string{"http-stopped 443"}, asClient, "ews", "ews", []string{"service-refuses"}, ""},
	{[]string{"http-other-version 443"}, asClient, "ews", "ews", []string{"version-differs"}, ""},

	{[]string{"accept-silent all/tcp"}, asMailbox, "", "control-port", []string{"everything-answers"}, ""},
	{[]string{"accept-silent all/tcp"}, asMailbox, "", "cluster", []string{"everything-answers"}, ""},
	{[]string{"drop-in 443"}, asClient, "owa", "owa", []string{"timed-out"}, ""},
	{[]string{"reject-rst 443"}, asClient, "owa", "owa", []string{"refused"}, ""},
	{[]string{"icmp-admin 443"}, asClient, "owa", "owa", []string{"prohibited"}, ""},
	{[]string{"icmp-host 443"}, asClient, "owa", "owa", []string{"unreachable"}, ""},
	{[]string{"other-protocol 25"}, asClient, "smtp", "smtp", []string{"mismatch"}, ""},
	{[]string{"other-protocol 443"}, asClient, "owa", "owa", []string{"bad-tls"}, ""},
	{[]string{"accept-silent 25"}, asClient, "smtp", "smtp", []string{"silent"}, ""},
	{[]string{"accept-fin 25"}, asClient, "smtp", "smtp", []string{"cut"}, ""},
	{[]string{"drop-in all 6"}, asClient, "owa,smtp,imap", "owa", []string{"ipv6-dead"}, "6"},
	{[]string{"open"}, view{"twofaces.lab.test", "2019", "mailbox", "client"}, "owa", "owa", []string{"address-dead"}, "dead"},
	{[]string{"drop-in 53/tcp"}, ofDC, "53", "dns", []string{"only-udp-answers"}, ""},
	{[]string{"drop-in 53/udp"}, ofDC, "53", "dns-udp", []string{"only-tcp-answers"}, ""},
	{[]string{"drop-in 88/tcp"}, ofDC, "88", "kerberos", []string{"only-udp-answers"}, ""},
	{[]string{"drop-out 88/udp"}, ofDC, "88", "kerberos-udp", []string{"only-tcp-answers"}, ""},
	{[]string{"open"}, asInternet, "135", "endpoint-mapper", []string{"exposed"}, ""},
	{[]string{"open"}, asInternet, "444", "back-end-https", []string{"exposed"}, ""},

	{[]string{"drop-in 135"}, ofDC, "135", "endpoint-mapper", []string{"rpc-behind-not-asked"}, ""},
	{[]string{"drop-in 49152-65535"}, ofDC, "135", "netlogon", []string{"dynamic-port-blocked"}, ""},
	{[]string{"open"}, asAccess2010, "135", "endpoint-mapper", []string{"rpc-none-registered"}, ""},
	{[]string{"ldap-edge 389/tcp"}, ofDC, "389", "ldap", []string{"not-a-domain-controller"}, ""},
	{[]string{"ldap-not-ready 3268"}, ofDC, "3268", "gc", []string{"gc-not-ready"}, ""},
	{[]string{"clock-ahead 88/tcp"}, ofDC, "88", "kerberos", []string{"clock-skew"}, ""},
	{[]string{"clock-ahead 123/udp"}, ofDC, "ntp", "ntp", []string{"clock-skew"}, ""},
	{[]string{"clock-ahead 389/tcp"}, ofDC, "389", "ldap", []string{"clock-skew"}, ""},
	{[]string{"clock-ahead 445/tcp"}, ofDC, "445", "smb", []string{"clock-skew"}, ""},
}

// findingScenes produces the findings with real servers and a real firewall, and
// sees that a healthy server has none of them.
func (l *lab) findingScenes(t *testing.T) {
	healthy := map[view]content.Report{}
	for _, s := range scenes {
		t.Run(strings.Join(append(s.rules, s.service), " "), func(t *testing.T) {
			var rules [][]string
			for _, rule := range s.rules {
				rules = append(rules, strings.Fields(rule))
			}
			l.firewall(t, rules...)
			r, _ := l.check(t, s.args(strings.Fields(s.only)...)...)
			s.compare(t, r)
		})
		if !slices.Equal(s.rules, []string{"open"}) {
			if _, asked := healthy[s.view]; !asked {
				l.firewall(t)
				healthy[s.view], _ = l.check(t, s.args()...)
			}
			s.absent(t, healthy[s.view])
		}
	}
}

// compare holds the results for the service of s against its codes.
func (s scene) compare(t *testing.T, r content.Report) {
	t.Helper()
	want := map[string][]string{"": {mail4, mail6, dc4, dc6}, "6": {mail6}, "dead": {dead4}}[s.where]
	found := 0
	for _, e := range r.Results {
		if e.Service != s.service || !slices.Contains(want, e.Address) {
			continue
		}
		found++
		for _, code := range s.codes {
			if !has(e, code) {
				t.Errorf("%s is missing in\n%s", code, dump(e))
			}
		}
	}
	if found == 0 || found < 2 && s.where == "" {
		t.Errorf("%d results for %s, want one per address, in\n%s", found, s.service, dump(r.Results...))
	}
}

// absent sees that none of the codes is found where everything passes.
func (s scene) absent(t *testing.T, r content.Report) {
	t.Helper()
	for _, e := range r.Results {
		for _, code := range s.codes {
			if e.Service == s.service && has(e, code) {
				t.Errorf("%s is found at a healthy server:\n%s", code, dump(e))
			}
		}
	}
}

func has(e content.Entry, code string) bool {
	return slices.ContainsFunc(e.Findings, func(f judge.Finding) bool { return f.Code == code })
}
