// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A statement is what a document says of one row. The item is its number in the
// audit of the catalogue against its documents.
type statement struct {
	item                         string
	version, role, service, from string
	want                         Want   // of from; "" where from has no business here
	has                          string // is in what the row tells; after "!" it is not
}

// told is everything that a row tells, in one line.
func told(s Service) string {
	var sources []string
	for _, source := range s.Sources {
		sources = append(sources, source.Key+" "+source.Grade)
	}
	text := fmt.Sprintf("port: %s one_of: %s exposure: %s note: %s restart: %s unasked: %s source: %s verified: %t",
		s.Ports, s.OneOf, s.Exposure, s.Note, s.Restart, s.Unasked, strings.Join(sources, ", "), s.Verified)
	if s.HTTP != nil {
		text += fmt.Sprintf(" http: %s %d", s.HTTP.Path, s.HTTP.Status)
	}
	for _, rule := range slices.Sorted(maps.Keys(s.Programs)) {
		text += fmt.Sprintf(" rule %s: %s", rule, s.Programs[rule])
	}
	return text
}

// audits is what was wrong with the versions from 4.0 to 2003, and what of the
// later ones was a matter of the catalogue's words.
var audits = slices.Concat(auditsOf55(), []statement{
	{"A4", "2007", "um", "um-sip", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2007", "um", "um-sips", "um-gateway", Optional, "one_of: um-sip "},
	{"A4", "2010", "um", "um-sip", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2010", "um", "um-sips", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2013", "client-access", "um-sip", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2013", "client-access", "um-sips", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2013", "mailbox", "um-service", "um-gateway", Required, "one_of: um-service "},
	{"A4", "2013", "mailbox", "um-service-tls", "um-gateway", Required, "one_of: um-service "},
	{"A4", "2016", "mailbox", "um-sip", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2016", "mailbox", "um-sips", "um-gateway", Required, "one_of: um-sip "},
	{"A4", "2016", "mailbox", "um-service", "um-gateway", Required, "one_of: um-service "},
	{"A4", "2016", "mailbox", "um-service-tls", "um-gateway", Required, "one_of: um-service "},

	{"A7", "2000", "back-end", "link-state", "back-end", Optional, "only inside a group"},
	{"A7", "2003", "back-end", "link-state", "back-end", Optional, "only inside a group"},
	{"A8", "2003", "back-end", "activesync", "client", Optional, "!SEED"},
	{"A8", "2003", "front-end", "activesync", "client", Optional, "!SEED"},
	{"A8", "2003", "back-end", "oma", "client", Optional, "!SEED"},
	{"A8", "2003", "front-end", "oma", "client", Optional, "source: PVS03 B, OMA03 B"},
	{"A8", "2003", "back-end", "nntp", "client", Off, "PVS03 B"},
	{"A8", "2003", "back-end", "nntps", "client", Off, "PVS03 B"},
	{"A8", "2003", "back-end", "pop3s", "client", Off, "AFA B, PVS03 B"},
	{"A8", "2003", "back-end", "imaps", "client", Off, "AFA B, PVS03 B"},
	{"A8", "2000", "back-end", "nntp", "client", Optional, "!from the start"},
	{"A8", "2000", "domain-controller", "cldap", "back-end", Required, "!SEED"},
	{"A8", "2003", "domain-controller", "cldap", "back-end", Required, "source: FE03 B"},

	{"B11", "2000", "server", "ldap", "back-end", Optional, "port: 389 one_of: ldap "},
	{"B11", "2003", "server", "ldap", "back-end", Optional, "port: 389 one_of: ldap "},
	{"B11", "2000", "server", "ldaps", "back-end", Optional, "port: 636"},
	{"B11", "2003", "server", "ldaps", "back-end", Optional, "port: 636"},
	{"B11", "2000", "server", "drs", "back-end", Optional, "Site Replication Service"},
	{"B11", "2003", "server", "xds", "back-end", Optional, "XDS"},
	{"B11", "2003", "server", "ldap-alt", "adc", Optional, "one_of: ldap "},
	{"B11", "2003", "back-end", "srs", "adc", Optional, "port: 379"},
	{"B11", "2003", "domain-controller", "ldap", "adc", Required, "port: 389"},
	{"B11", "2000", "domain-controller", "ldap", "adc", Required, "port: 389"},

	{"B13", "2000", "server", "ldap", "internet", Forbidden, "exreach's opinion"},
	{"B13", "2003", "server", "ldaps", "internet", Forbidden, "KB176466"},
	{"B13", "2003", "server", "ldap-alt", "internet", Forbidden, "exreach's opinion"},
	{"B13", "2003", "server", "endpoint-mapper", "internet", Forbidden, "KB155831"},

	{"B12", "2000", "back-end", "owa", "internet", Optional, "needs only 443"},
	{"B12", "2003", "back-end", "owa", "internet", Optional, "needs only 443"},
	{"B12", "2000", "back-end", "public-folders", "internet", Optional, ""},
	{"B12", "2003", "back-end", "public-folders", "internet", Optional, ""},
	{"B12", "2003", "back-end", "activesync", "internet", Optional, ""},
	{"B12", "2003", "back-end", "rpc-http", "internet", Optional, ""},
	{"B12", "2000", "back-end", "pop3", "internet", Optional, ""},
	{"B12", "2000", "back-end", "pop3s", "internet", Optional, ""},
	{"B12", "2000", "back-end", "imap", "internet", Optional, ""},
	{"B12", "2000", "back-end", "imaps", "internet", Optional, ""},
	{"B12", "2003", "back-end", "pop3", "internet", Off, ""},
	{"B12", "2003", "back-end", "pop3s", "internet", Off, ""},
	{"B12", "2003", "back-end", "imap", "internet", Off, ""},
	{"B12", "2003", "back-end", "imaps", "internet", Off, ""},

	{"B14", "2000", "back-end", "owa-http", "client", Optional, "port: 80 one_of: owa "},
	{"B14", "2003", "back-end", "owa-http", "client", Optional, "http: /exchange/ [401 302 403 440]"},
	{"B14", "2003", "front-end", "owa-http", "internet", Optional, "http: /exchange/"},
	{"B14", "2003", "front-end", "owa", "internet", Optional, "one_of: owa "},
	{"B14", "2000", "back-end", "http", "front-end", Required, "http: / [200 302 401 403]"},
	{"B14", "2003", "back-end", "http", "front-end", Required, "http: / [200 302 401 403]"},
	{"B14", "2003", "front-end", "http", "client", Optional, "http: / [200 302 401 403]"},

	{"B20", "2010", "client-access", "imap", "client", Off, `rule MSExchangeIMAP4: ClientAccess\PopImap\Microsoft.Exchange.Imap4Service.exe`},
	{"B20", "2010", "mailbox", "log-copier", "mailbox", Optional, `rule MSExchangerepl - Log Copier: Bin\MSExchangeRepl.exe`},
	{"B20", "2010", "um", "um-sip", "um-gateway", Required, `rule SESWorker: UnifiedMessaging\SESWorker.exe`},
	{"B20", "2010", "hub", "smtp", "hub", Required, `rule MSExchangeTransportWorker: Bin\edgetransport.exe`},

	{"B21", "2000", "conferencing", "audio-media", "client", Optional, "port: dynamic"},
	{"B21", "2000", "instant-messaging", "rvp-callback", "client", "", "port: 1025-65535"},
	{"B22", "2000", "back-end", "x400", "x400-peer", Required, "foreign MTA"},
	{"B22", "2003", "back-end", "x400", "x400-peer", Required, "foreign MTA"},
	{"B22", "2003", "back-end", "x400", "internet", Off, ""},
	{"B23", "2000", "back-end", "nntp", "back-end", Optional, "feeds"},
	{"B23", "2003", "back-end", "nntp", "back-end", Off, "feeds"},
	{"B23", "2000", "front-end", "nntp", "client", Optional, "port: 119"},
	{"B23", "2003", "front-end", "nntp", "client", Off, "port: 119"},
	{"B23", "2003", "front-end", "nntps", "client", Off, "port: 563"},
	{"B24", "2000", "internet", "smtp", "back-end", Optional, "source: SEED-ES A verified: true"},
	{"B24", "2003", "internet", "smtp", "back-end", Optional, "source: SEED-ES A verified: true"},
	{"B24", "2000", "dns", "dns-udp", "back-end", Required, "SEED-ES A"},
	{"B24", "2003", "dns", "dns-udp", "back-end", Required, "SEED-ES A"},

	{"D", "2003", "back-end", "owa", "internet-client", Optional, ""},
	{"D", "2003", "front-end", "imaps", "internet-client", Off, ""},
	{"D", "2003", "back-end", "emsmdb", "internet-client", "", ""},
	{"D", "2003", "back-end", "endpoint-mapper", "internet-client", "", ""},
	{"D", "2003", "front-end", "smtp", "relay", Required, ""},
	{"D", "windows", "relay", "smtp", "back-end", Optional, "SEED-ES A"},
	{"D", "windows", "relay", "smtp", "mailbox", Optional, "SEED-ES A"},
	{"D", "2010", "hub", "smtp", "relay", Required, ""},
	{"D", "2013", "client-access", "smtp", "relay", Required, ""},
	{"D", "2016", "edge", "smtp", "relay", Required, ""},
	{"D", "se", "mailbox", "smtp", "relay", Required, ""},
	{"D", "2007", "client-access", "imaps", "internet-client", Off, ""},
	{"D", "2010", "client-access", "endpoint-mapper", "internet-client", "", ""},
	{"D", "2019", "mailbox", "pop3s", "internet-client", Off, ""},
	{"D", "2019", "mailbox", "owa", "internet-client", Optional, ""},
	{"D", "2019", "mailbox", "mapi", "internet-client", "", ""},
	{"D", "2010", "edge", "edge-ldap", "self", Required, ""},
	{"D", "2019", "edge", "edge-ldap", "self", Required, ""},
	{"D", "2010", "rms", "rms", "client-access", Optional, "RMS10 B"},
	{"D", "2010", "rms", "rms", "um", Optional, "voice mail"},
	{"D", "windows", "rms", "rms", "client-access", Optional, "RMS10 B"},
	{"D", "windows", "rms", "rms", "um", Optional, ""},
	{"D", "2013", "client-access", "ews", "ocs", Optional, "SFB B"},
	{"D", "2013", "client-access", "autodiscover", "ocs", Optional, "SFB B"},
	{"D", "2016", "mailbox", "ews", "ocs", Optional, "SFB B"},
	{"D", "2016", "mailbox", "autodiscover", "ocs", Optional, "SFB B"},
	{"D", "2019", "mailbox", "ews", "ocs", Optional, "SFB B"},
	{"D", "2019", "mailbox", "autodiscover", "ocs", Optional, "SFB B"},
	{"D", "se", "mailbox", "ews", "ocs", Optional, "SFB B"},
	{"D", "se", "mailbox", "autodiscover", "ocs", Optional, "SFB B"},
	{"dc-dns", "2007", "domain-controller", "dns", "mailbox", Optional, "Needed where"},
	{"dc-dns", "2010", "domain-controller", "dns-udp", "hub", Optional, "Needed where"},

	{"E46", "2010", "client-access", "emsmdb", "client", Required, "restart: Restart-Service MSExchangeRPC "},
	{"E46", "2010", "mailbox", "emsmdb", "client", Optional, "restart: Restart-Service MSExchangeRPC "},
	{"E46", "2010", "client-access", "nspi", "client", Required, "restart: Restart-Service MSExchangeAB "},
	{"E46", "2010", "client-access", "rfr", "client", Required, "restart: Restart-Service MSExchangeAB "},
	{"E46", "2007", "mailbox", "nspi", "client", Required, "restart: Restart-Service MSExchangeSA "},
	{"E46", "2003", "back-end", "emsmdb", "client", Required, "restart: restart the Microsoft Exchange Information Store service "},
	{"E47", "2003", "domain-controller", "netlogon", "back-end", Required, `Netlogon\Parameters, value "DCTcpipPort" (DWORD)`},
	{"E47", "2016", "domain-controller", "netlogon", "mailbox", Required, "KB224196 B"},
	{"E47", "windows", "domain-controller", "netlogon", "mailbox", Required, "restart: Restart-Service Netlogon "},
	{"E47", "2003", "domain-controller", "samr", "back-end", Required, "no registry value of its own"},
	{"E47", "se", "domain-controller", "lsarpc", "mailbox", Required, "no registry value of its own"},
	{"E47", "2003", "back-end", "store-admin-1", "admin", Optional, `MSExchangeIS\ParametersSystem`},
	{"E47", "2003", "back-end", "system-attendant", "admin", Optional, `MSExchangeSA\Parameters`},
	{"E48", "2003", "back-end", "ncacn-http-nspi", "front-end", Optional, `"NSPI interface protocol sequences" (REG_MULTI_SZ)`},
	{"E48", "2003", "domain-controller", "ncacn-http-nspi", "front-end", Optional, "(REG_MULTI_SZ)"},
	{"E48", "windows", "domain-controller", "ncacn-http-nspi", "client-access", "", "(REG_MULTI_SZ)"},
	{"E50", "2003", "back-end", "rpc-dynamic", "client", Required, "1025-65535"},
	{"E50", "2000", "domain-controller", "rpc-dynamic", "back-end", Required, "1025-65535"},
	{"E50", "2003", "server", "rpc-dynamic", "back-end", Optional, "1025-65535"},
	{"A9", "2003", "server", "drs", "back-end", Optional, "event 1166 with error 1720"},
	{"C37", "2000", "domain-controller", "ldap", "admin", Optional, "Exchange setup"},
	{"C37", "2003", "domain-controller", "ldap", "admin", Optional, "Exchange setup"},
	{"E46", "2000", "back-end", "x400", "x400-peer", Required, `value "RFC1006 Port Number" (DWORD, case-sensitive). restart: restart the Microsoft Exchange MTA Stacks service `},
	{"E46", "2003", "back-end", "x400", "x400-peer", Required, "KB161931 A"},
	{"E46", "windows", "domain-controller", "ncacn-http-nspi", "front-end", Optional, "restart: restart the domain controller "},
	{"E47", "2007", "mailbox", "async-emsmdb", "client", Optional, `MSExchangeIS\ParametersSystem, value "TCP/IP Port" (DWORD)`},
	{"E47", "2010", "mailbox", "async-emsmdb", "client", Optional, `MSExchangeRPC\ParametersSystem, value "TCP/IP Port" (DWORD)`},
	{"E47", "2010", "client-access", "async-emsmdb", "client", Optional, `MSExchangeRPC\ParametersSystem, value "TCP/IP Port" (DWORD)`},
	{"E47", "2010", "client-access", "rfr", "client", Required, `MSExchangeAB\Parameters, value "RpcTcpPort" (REG_SZ`},
})

// auditsOf55 are those of 4.0, 5.0 and 5.5, whose rows are the same but for what
// a version lacks.
func auditsOf55() []statement {
	var all []statement
	for _, v := range []string{"4.0", "5.0", "5.5"} {
		row := func(item, service, from string, want Want, has string) {
			all = append(all, statement{item, v, "server", service, from, want, has})
		}
		row("A2", "endpoint-mapper", "server", Required, "")
		row("A2", "endpoint-mapper", "other-site", Required, "site connector")
		row("A2", "endpoint-mapper", "x400-peer", "", "")
		row("A2", "mta", "server", Required, "")
		row("A2", "mta", "other-site", Required, "")
		row("A2", "mta", "x400-peer", "", "")
		row("A2", "drs", "server", Required, "")
		row("A2", "drs", "other-site", "", "")
		row("A2", "x400", "x400-peer", Required, "")
		row("A2", "x400", "server", "", "")
		row("E46", "x400", "x400-peer", Required, "restart: restart the computer ")
		row("A9", "emsmdb", "client", Required, "KB180795 A")
		row("A9", "nspi", "client", Required, "event 1166 with error 1720")
		row("A9", "drs", "server", Required, "1083 and 1059")
		row("B22", "x400", "internet", Off, "foreign MTA")
		row("D", "smtp", "relay", Required, "")
		row("E46", "emsmdb", "client", Required, "restart: restart the computer ")
		row("E46", "mta", "server", Required, "restart: restart the computer ")
		row("E47", "drs", "server", Required, `MSExchangeDS\Parameters`)
		row("E47", "store-admin-1", "admin", Optional, `MSExchangeIS\ParametersSystem`)
		row("E47", "system-attendant-private", "admin", Optional, `MSExchangeSA\Parameters`)
		row("E49", "nspi", "client", Required, "KB155831 A, KB180795 A")
		row("E50", "rpc-dynamic", "client", Required, "1024-65535 or 1025-65535")
		row("B13", "endpoint-mapper", "internet", Forbidden, "exreach's opinion")
		if v == "4.0" {
			continue
		}
		row("B12", "pop3", "internet", Optional, "one_of: pop3 ")
		row("B12", "pop3s", "internet", Optional, "one_of: pop3 ")
		row("B12", "http", "internet", Optional, "")
		row("B12", "owa", "internet", Optional, "one_of: owa ")
		row("B13", "ldap", "internet", Forbidden, "exreach's opinion")
		row("B13", "ldaps", "internet", Forbidden, "KB176466")
		row("B14", "owa-http", "client", Optional, "http: /exchange/")
		row("D", "pop3", "internet-client", Optional, "")
		row("D", "ldap", "internet-client", Optional, "one_of: ldap ")
		row("D", "nntp", "internet-client", Optional, "")
		row("D", "endpoint-mapper", "internet-client", "", "")
		row("45", "nntps", "client", Optional, "verified: false")
	}
	return append(all,
		statement{"E47", "5.5", "server", "xds", "server", Optional, `MSExchangeDS\Parameters`},
		statement{"B11", "5.5", "server", "ldap", "adc", Optional, "Active Directory Connector"},
		statement{"B11", "5.5", "server", "ldaps", "adc", Optional, "one_of: ldap "},
		statement{"B12", "5.5", "server", "imap", "internet", Optional, "one_of: imap "},
		statement{"B12", "5.5", "server", "imaps", "internet", Optional, "one_of: imap "},
	)
}

func TestAuditLegacy(t *testing.T) {
	c := mustOpen(t)
	for _, a := range audits {
		name := fmt.Sprintf("%s: %s %s, %s from %s", a.item, a.version, a.role, a.service, a.from)
		v, err := c.Version(a.version)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(v.Services, func(s Service) bool { return s.Role == a.role && s.Name == a.service })
		if i < 0 {
			t.Errorf("%s: no such row", name)
			continue
		}
		s := v.Services[i]
		if s.Wants[a.from] != a.want {
			t.Errorf("%s: %q, want %q", name, s.Wants[a.from], a.want)
		}
		words, not := strings.CutPrefix(a.has, "!")
		if strings.Contains(told(s), words) == not {
			t.Errorf("%s: has %q, %t: %s", name, words, !not, told(s))
		}
	}
}

// TestAuditGroundRules is item B10: from 2007 on, between the servers inside and
// to domain controllers, and from 2013 on with Lync and Skype for Business.
func TestAuditGroundRules(t *testing.T) {
	c := mustOpen(t)
	for _, test := range []struct {
		version, role, from string
		rules               int
	}{
		{"2003", "back-end", "back-end", 0},
		{"2007", "hub", "mailbox", 1},
		{"2007", "domain-controller", "um", 1},
		{"2007", "edge", "hub", 0},
		{"2010", "client-access", "client-access", 1},
		{"2010", "um", "um-gateway", 0},
		{"2010", "back-end", "client-access", 1},
		{"2010", "hub", "client", 0},
		{"2013", "mailbox", "client-access", 1},
		{"2013", "mailbox", "ocs", 1},
		{"2013", "domain-controller", "ocs", 0},
		{"2016", "domain-controller", "mailbox", 1},
		{"2016", "mailbox", "edge", 0},
		{"2019", "mailbox", "mailbox", 1},
		{"2019", "mailbox", "internet", 0},
		{"se", "mailbox", "ocs", 1},
		{"se", "domain-controller", "mailbox", 1},
		{"windows", "domain-controller", "hub", 1},
		{"windows", "ocs", "mailbox", 1},
	} {
		v, err := c.Version(test.version)
		if err != nil {
			t.Fatal(err)
		}
		rules := v.GroundRules(test.role, test.from)
		if len(rules) != test.rules {
			t.Errorf("%s %s from %s: %d ground rules, want %d", test.version, test.role, test.from, len(rules), test.rules)
		}
		for _, r := range rules {
			if !strings.Contains(r.Text, "every port and every protocol") || !strings.Contains(r.Text, "may change") {
				t.Errorf("%s: the rule says %q", test.version, r.Text)
			}
		}
	}
}

// TestAuditPrograms is item B20: every rule that Setup of 2010 makes is in the
// catalogue, with the program that it is bound to.
func TestAuditPrograms(t *testing.T) {
	v, err := mustOpen(t).Version("2010")
	if err != nil {
		t.Fatal(err)
	}
	rules, places := map[string]string{}, map[string]bool{}
	for _, s := range v.Services {
		for rule, program := range s.Programs {
			if before, known := rules[rule]; known && before != program {
				t.Errorf("rule %s is for %s and for %s", rule, before, program)
			}
			rules[rule] = program
			places[s.Role+" "+rule] = true
		}
	}
	if len(places) != 82 { // roles that a rule is for, summed over the rules
		t.Errorf("the rules stand at %d roles in all, want 82", len(places))
	}
	bound := 0
	for rule, program := range rules {
		switch {
		case strings.Contains(program, `\`) && !strings.Contains(rule, "GFW"):
			bound++
		case !strings.HasPrefix(program, "any program"):
			t.Errorf("rule %s is for %q", rule, program)
		}
	}
	if len(rules) != 54 || bound < 39 {
		t.Errorf("%d rules, %d of them bound to a program", len(rules), bound)
	}
}

// TestRowsCounted says how many rows each version has, and how many of them rest
// on memory: who adds or confirms one sees the number change.
func TestRowsCounted(t *testing.T) {
	var got strings.Builder
	for _, v := range all(t, mustOpen(t)) {
		unverified := 0
		for _, s := range v.Services {
			if !s.Verified {
				unverified++
			}
		}
		fmt.Fprintf(&got, "%s: %d rows, %d of them not verified\n", v.Name, len(v.Services), unverified)
	}
	const name = "testdata/counts.txt"
	if *update {
		if err := os.WriteFile(name, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got), refresh with -update:\n%s", name, diff)
	}
}
