// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
)

// known are the versions that come with exreach.
var known *catalog.Releases

// upFrom is a version and all that came after it, Exchange Online too.
func upFrom(first string) []string { return append(between(first, "se"), "online") }

// between is the versions from first to last.
func between(first, last string) []string {
	servers := known.Of(catalog.ExchangeServer)
	return servers[slices.Index(servers, first) : slices.Index(servers, last)+1]
}

// sample is an answer that has a mark and nothing else.
func sample(m catalog.Mark) Answer {
	concrete := func(pattern string) string { return strings.ReplaceAll(pattern, "*", " ") }
	e := Answer{service: m.Protocol, protocol: m.Protocol, port: 1, verdict: probe.Answered, path: m.Path, peer: &protocol.Peer{Facts: map[string]string{}}}
	if m.Inside {
		e.path = "/microsoft-server-activesync"
	}
	e.peer.Greeting = concrete(m.Greeting)
	e.peer.Capabilities = append(e.peer.Capabilities, m.Offers...)
	e.peer.Capabilities = append(e.peer.Capabilities, strings.Fields(m.InOrder)...)
	if m.Lacks != nil && e.peer.Capabilities == nil {
		e.peer.Capabilities = []string{"IMAP4"}
	}
	if m.Fact != "" {
		e.peer.Facts[m.Fact] = "x" + concrete(m.Words)
	}
	if m.Status != "" {
		e.peer.Facts["status"] = m.Status
	}
	return e.withGreeting()
}

// TestSigns: every sign is found on an answer that has it and on none that lacks a part
// of it, has a source, allows some versions and excludes the rest.
func TestSigns(t *testing.T) {
	find := func(e Answer, said string, versions []string) bool {
		return slices.ContainsFunc(e.Signs(), func(s Sign) bool {
			return slices.Equal(s.Versions, versions) && (said == "" || s.Said == said)
		})
	}
	for _, row := range known.Marks() {
		name := row.Protocol + " " + row.Said + row.Greeting + row.Fact + row.Words
		if row.Source == "" || len(row.Versions) == 0 {
			t.Errorf("%s: no source, or no versions", name)
		}
		if !find(sample(row), row.Said, row.Versions) {
			t.Errorf("%s: not found on %+v", name, *sample(row).peer)
			continue
		}
		for _, s := range sample(row).Signs() {
			if len(s.Versions) == 0 {
				continue
			}
			if all := append(slices.Clone(s.Versions), s.Excludes...); len(without(known.Of(catalog.ExchangeServer, catalog.ExchangeOnline), all)) > 0 {
				t.Errorf("%s: allows %q and excludes %q", name, s.Versions, s.Excludes)
			}
		}
		without := sample(row)
		without.peer.Greeting, without.peer.Capabilities, without.peer.Facts = "", nil, map[string]string{}
		without.greeting, without.lower = nil, nil
		if find(without, row.Said, row.Versions) {
			t.Errorf("%s: found on an answer that says nothing", name)
		}
		for _, keyword := range row.Lacks {
			e := sample(row)
			e.peer.Capabilities = append(e.peer.Capabilities, keyword)
			if find(e, row.Said, row.Versions) {
				t.Errorf("%s: found beside %s", name, keyword)
			}
		}
		for _, fact := range row.Without {
			e := sample(row)
			e.peer.Facts[fact] = "yes"
			if find(e, row.Said, row.Versions) {
				t.Errorf("%s: found beside %s", name, fact)
			}
		}
	}
}

const (
	greets2019 = "220 mail01.contoso.com Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 10:30:00 +0100"
	greetsIIS  = "220 mail01 Microsoft ESMTP MAIL Service, Version: 10.0.17763.1697 ready at Mon, 2 Mar 2026 10:30:00 +0100"
	masked     = "220 ****************2****0***"
	greets2003 = "220 mail01.contoso.com Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready at Mon, 2 Mar 2026 10:30:00 +0100"
)

// greets is an answer of mail that says nothing but its greeting.
func greets(protocolName, greeting string, port uint16, offers ...string) Answer {
	return Answer{service: protocolName, protocol: protocolName, port: port, verdict: probe.Answered, peer: &protocol.Peer{Greeting: greeting, Capabilities: offers}}.withGreeting()
}

// headers is an answer over HTTP.
func headers(path string, facts map[string]string) Answer {
	return Answer{service: "owa", protocol: "http", port: 443, path: path, verdict: probe.Answered, peer: &protocol.Peer{Facts: facts, Web: &web.Web{Origin: web.OfExchange}}}
}

// TestIdentify puts answers together, contradictions among them.
func TestIdentify(t *testing.T) {
	smtp := greets("smtp", greets2019, 25)
	build := func(b string) Answer { return headers("/owa/", map[string]string{"x_owa_version": b}) }
	pop := greets("pop3", "+OK The Microsoft Exchange POP3 service is ready.", 110)
	for _, tt := range []struct {
		name          string
		entries       []Answer
		want          []string
		contradictory bool
		products      string
	}{
		{"nothing answered", nil, nil, false, ""},
		{"nothing that tells", []Answer{greets("smtp", "220 ready", 25)}, nil, false, "another product"},
		{"another product", []Answer{greets("smtp", "220 mail ESMTP Postfix", 25), greets("imap", "* OK Dovecot ready.", 143)}, nil, false, "Postfix, Dovecot"},
		{"SMTP alone is ambiguous", []Answer{smtp}, upFrom("2007"), false, "Exchange"},
		{"SMTP and POP3 are less so", []Answer{smtp, pop}, upFrom("2010"), false, "Exchange"},
		{"a build decides", []Answer{smtp, build("15.1.2507.6")}, []string{"2016"}, false, "Exchange Server"},
		{"the order does not matter", []Answer{build("15.1.2507.6"), smtp}, []string{"2016"}, false, "Exchange Server"},
		{"2000 or 2003 by SMTP, 2003 by IMAP4", []Answer{
			greets("smtp", "220 mail Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at Tue", 25),
			greets("imap", "* OK Microsoft Exchange Server 2003 IMAP4rev1 server version 6.5.7638.1 (mail) ready.", 143),
		}, []string{"2003"}, false, "Exchange Server"},
		{"Exchange Online", []Answer{smtp, build("15.20.9999.1")}, []string{"online"}, false, "Exchange Online"},
		{"a foreign filter before Exchange", []Answer{greets("smtp", "220 mail ESMTP Postfix", 25), build("15.1.2507.6")}, []string{"2016"}, false, "Postfix, Exchange Server"},

		{"a gateway whose server shows", []Answer{{service: "owa", protocol: "http", port: 443, path: "/owa/", verdict: probe.Answered, peer: &protocol.Peer{
			Facts: map[string]string{"x_owa_version": "15.1.2507.6"}, Web: &web.Web{Origin: web.OfExchange, Name: "ISA Server or Forefront TMG", Sign: "the words of its 401"}}}},
			[]string{"2016"}, false, "ISA Server or Forefront TMG, Exchange Server"},
		{"a gateway that shows nothing", []Answer{{service: "owa", protocol: "http", port: 443, path: "/owa/", verdict: probe.Mismatch, peer: &protocol.Peer{
			Facts: map[string]string{"server": "BigIP"}, Web: &web.Web{Origin: web.OfGateway, Name: "F5 BIG-IP Access Policy Manager", Sign: "the redirect to /my.policy"}}}},
			nil, false, "F5 BIG-IP Access Policy Manager"},
		{"two servers behind one name", []Answer{build("14.3.123.4"), smtp, greets("imap", "* OK Microsoft Exchange Server 2007 IMAP4 service ready", 143)}, []string{"2007", "2010"}, true, "Exchange Server"},
		{"2003 before 2016", []Answer{greets("smtp", greets2003, 25), build("15.1.2507.6")}, []string{"2016"}, true, "Exchange Server"},
		{"IIS 10 before 2010", []Answer{headers("/owa/", map[string]string{"x_owa_version": "14.3.123.4", "server": "Microsoft-IIS/10.0"})}, []string{"2010"}, true, "Exchange Server"},
		{"every port another version", []Answer{
			greets("imap", "* OK Microsoft Exchange IMAP4rev1 server version 5.5.2448.8 (mail) ready", 143),
			greets("pop3", "+OK Microsoft Exchange 2000 POP3 server version 6.0.6603.0 (mail) ready.", 110), build("15.1.2507.6"),
		}, []string{"5.5", "2000", "2016"}, true, "Exchange Server"},
		{"a greeting that claims everything", []Answer{greets("imap", "* OK Microsoft Exchange 5.5.2653.13 6.0.6603.0 6.5.7638.1 14.3.123.4 15.2.2562.17 ready", 143)},
			[]string{"5.5", "2000", "2003", "2010", "se"}, true, "Exchange Server"},
		{"headers of three products", []Answer{headers("/owa/", map[string]string{"x_owa_version": "8.3.83.6, 15.0.1497.2", "ms_webstorage": "6.5.7638"})},
			[]string{"2003", "2007", "2013"}, true, "Exchange Server"},
		{"a web site that has nothing of Exchange", []Answer{headers("/owa/", map[string]string{"server": "Microsoft-IIS/10.0", "status": "404 Not Found"}), headers("/ews/exchange.asmx", map[string]string{"server": "Microsoft-IIS/10.0", "status": "404 Not Found"})}, nil, false, ""},
		{"the same behind one name with Exchange", []Answer{greets("smtp", greets2019, 25, "X-ANONYMOUSTLS", "SMTPUTF8"), headers("/owa/", map[string]string{"server": "Microsoft-IIS/8.5", "status": "404 Not Found"})}, between("2016", "se"), false, "Exchange Server"},
		{"a web site of IIS 10 with the logins of Windows", []Answer{headers("/ews/exchange.asmx", map[string]string{"server": "Microsoft-IIS/10.0", "status": "401 Unauthorized"})}, upFrom("2016"), false, "Exchange"},
		{"IIS that passes on what 2019 says", []Answer{headers("/ews/exchange.asmx", map[string]string{"server": "Microsoft-IIS/8.5", "x_powered_by": "ASP.NET, ARR/3.0", "x_feserver": "EX01", "status": "401 Unauthorized"})}, upFrom("2013"), false, "Exchange"},
		{"a connector for the Internet with Exchange Online's size", []Answer{greets("smtp", greets2019, 25, "SIZE 157286400", "STARTTLS", "SMTPUTF8"), build("15.2.2562.37")}, []string{"se"}, false, "Exchange Server"},
		{"an address that looks like a build", []Answer{greets("smtp", "220 [15.1.2.3] Microsoft ESMTP MAIL Service ready at Mon, 2 Mar 2026 10:30:00 +0100", 25)}, upFrom("2007"), false, "Exchange"},
		{"Exchange Online in China", []Answer{headers("/ews/exchange.asmx", map[string]string{"x_calculatedbetarget": "ZQ4PR01MB1202.CHNPR01.prod.partner.outlook.cn", "x_feserver": "SH0PR01CA0016"})}, []string{"online"}, false, "Exchange Online"},
		{"Exchange Online in 2017", []Answer{headers("/owa/", map[string]string{"x_calculatedbetarget": "BY2PR06MB549.namprd06.prod.outlook.com", "x_owa_version": "15.1.1240.20", "server": "Microsoft-IIS/10.0", "x_feserver": "CY4PR02CA0010"})}, []string{"online"}, false, "Exchange Online"},
		{"Exchange Online in China, IMAP4", []Answer{greets("imap", "* OK The Microsoft Exchange IMAP4 service is ready. [UwBIADIAUABSADAAMQBDAEEAMAAzADkALgBDAEgATgBQAFIAMAAxAC4AcAByAG8AZAAuAHAAYQByAHQAbgBlAHIALgBvAHUAdABsAG8AbwBrAC4AYwBuAA==]", 993)}, []string{"online"}, false, "Exchange Online"},
		{"an Edge server", []Answer{greets("smtp", greets2019, 25, "X-ANONYMOUSTLS", "X-EXPS NTLM", "XEXCH50")}, between("2007", "se"), false, "Exchange Server"},
		{"Windows without Exchange", []Answer{greets("smtp", greets2003, 25, "TURN", "SIZE 2097152", "ETRN", "VRFY", "OK")}, nil, false, windowsService},
		{"a build of the future", []Answer{build("16.0.1.1")}, nil, false, "Exchange"},
		{"a build of the future, and a greeting", []Answer{smtp, build("16.0.1.1")}, upFrom("2007"), false, "Exchange"},
		{"a level of ActiveSync that others tell as well", []Answer{{service: "activesync", protocol: "http", port: 443, path: "/Microsoft-Server-ActiveSync", verdict: probe.Answered,
			peer: &protocol.Peer{Facts: map[string]string{"ms_server_activesync": "14.1"}, Web: &web.Web{Origin: web.Unproved}}}}, nil, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := identify(tt.entries)
			if !slices.Equal(id.Candidates, tt.want) || id.Contradictory != tt.contradictory {
				t.Errorf("candidates %q, contradictory %t, want %q, %t", id.Candidates, id.Contradictory, tt.want, tt.contradictory)
			}
			if got := strings.Join(id.Products, ", "); got != tt.products {
				t.Errorf("products %q, want %q", got, tt.products)
			}
			if tt.contradictory && len(id.Contradictions()) == 0 {
				t.Error("does not say what contradicts")
			}
		})
	}
}
