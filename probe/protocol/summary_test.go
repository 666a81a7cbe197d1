// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"maps"
	"regexp"
	"testing"
	"time"

	"exreach/catalog"
)

// summariesOfStandIns is what the line about each stand-in says, without the time.
var summariesOfStandIns = map[string]string{
	"any":        "mail.example.com is ready",
	"caldav":     "HTTP/1.1 401 Unauthorized, DavMail Gateway 6.2.2, DAV 1, calendar-access, calendar-auto-schedule, calendarserver-private-events, addressbook",
	"cldap":      "domain controller mail.example.com of example.com, site Default-First-Site-Name, serves pdc, gc, ldap, ds, kdc, timeserv, closest, writable, full-secrets",
	"dns":        "SOA of example.com: mail.example.com mail.example.com",
	"h323":       "H.323 call control, answers STATUS, cause 30 (response to STATUS ENQUIRY), call state 0",
	"http":       "HTTP/1.1 302 Found",
	"imap":       "* OK The Microsoft Exchange IMAP4 service is ready.",
	"irc":        "IRC with Microsoft's extensions (IRCX), logins ANON,NTLM",
	"kerberos":   "realm EXAMPLE.COM, clock NOW UTC (same as this machine's)",
	"kpasswd":    "password changes of EXAMPLE.COM, clock NOW UTC (same as this machine's)",
	"ldap":       "domain controller mail.example.com of example.com",
	"link-state": "Microsoft Routing Server, version 6.5.6944.0",
	"log-copier": ".NET NegotiateStream, which other services of .NET speak as well; an empty login is refused with 0x80090308 (SEC_E_INVALID_TOKEN)",
	"ncacn-http": "RPC over HTTP (ncacn_http/1.0)",
	"net-tcp":    ".NET message framing, logins by application/negotiate",
	"netbios-ns": "computer MAIL, domain EXAMPLE, MAC 02:65:78:73:72:76",
	"nntp":       "200 mail.example.com NNTP service ready, posting allowed",
	"ntp":        "stratum 1, time from LOCL, clock NOW UTC (same as this machine's)",
	"pop3":       "+OK The Microsoft Exchange POP3 service is ready.",
	"rdp":        "Remote Desktop, protection CredSSP, Network Level Authentication offered",
	"rpc":        "1 entry, 1 endpoint: EMSMDB 6001",
	"sip":        "SIP/2.0 200 OK, RTCC/5.0.0.0 MSExchangeUM/15.02.1544.004",
	"smb":        "SMB 3.1.1, signing not required, clock NOW UTC (same as this machine's)",
	"smtp":       "220 mail.example.com Microsoft ESMTP MAIL Service ready at NOW",
	"socks":      "SOCKS 5 proxy, no authentication",
	"t120":       "T.120 node of the kind mcu",
	"tcp":        "connected; nothing more was asked",
	"telnet":     "Telnet, the server negotiates WILL ECHO, WILL SUPPRESS-GO-AHEAD",
	"winrm":      "WinRM, Microsoft Corporation, OS: 0.0.0 SP: 0.0 Stack: 3.0",
	"x400":       "X.400 stack: its transport layer confirmed a connection",
}

// TestSummaryOfEach: the line about an answer says something that a person can use,
// whatever the protocol.
func TestSummaryOfEach(t *testing.T) {
	times := regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[A-Z][a-z]{2}, \d.*$`)
	for name, p := range Table {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var peer Peer
			var err error
			if _, overTCP := ofTCP()[name]; overTCP {
				peer, err = meet(t, p.Ask, p.Answer, question(name, catalog.NoTLS), standIn(name, catalog.NoTLS), enough)
			} else {
				peer, err = meetUDP(t, p.Ask, p.Answer, questionUDP(name), standInUDP(name), enough)
			}
			if got := times.ReplaceAllString(peer.Summary(name), "NOW"); err != nil || got != summariesOfStandIns[name] {
				t.Errorf("%q, %v; want %q", got, err, summariesOfStandIns[name])
			}
		})
	}
}

// TestSummary is for answers that no stand-in gives.
func TestSummary(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	facts := func(pairs ...string) Peer {
		p := Peer{Facts: map[string]string{}}
		for i := 0; i < len(pairs); i += 2 {
			p.Facts[pairs[i]] = pairs[i+1]
		}
		return p
	}
	clock := func(p Peer, ahead time.Duration) Peer {
		p.Clock = &Clock{Server: at, Local: at.Add(-ahead)}
		return p
	}
	ldap := facts(FactKind, string(GlobalCatalogue), FactDNSHostName, "dc01.contoso.com", FactDefaultContext, "DC=contoso,DC=com", FactSynchronized, "FALSE")
	ldap.Clock = &Clock{Server: at}
	for _, test := range []struct {
		protocol string
		peer     Peer
		want     string
	}{
		{"kerberos", clock(facts(FactRealm, "CONTOSO.COM"), 7*time.Second), "realm CONTOSO.COM, clock 2026-03-02 09:30:00 UTC (7.0 s ahead of this machine's)"},
		{"kerberos", clock(facts(FactError, "68 (KDC_ERR_WRONG_REALM)"), -time.Hour), "KDC of an unknown realm, answers 68 (KDC_ERR_WRONG_REALM), clock 2026-03-02 09:30:00 UTC (1 h 0 min behind this machine's)"},
		{"ldap", ldap, "global catalogue dc01.contoso.com of contoso.com, has not replicated yet, clock 2026-03-02 09:30:00 UTC"},
		{"ldap", facts(FactKind, string(OtherDirectory), FactDefaultContext, "O=Contoso", FactVendor, "Novell"), "LDAP server, Novell"},
		{"ldap", Peer{}, "directory"},
		{"any", Peer{}, "connected; there was neither a greeting nor an answer to TLS or HTTP"},
		{"any", Peer{Greeting: `\xff\xfe2\x00`}, `answered with bytes that exreach does not know: \xff\xfe2\x00`},
		{"tls", Peer{Greeting: `\x15\x03\x01\x00\x02\x02(`}, "TLS; the server sent an alert and nothing else"},
		{"tls", Peer{}, "TLS; inside it there was neither a greeting nor an answer to HTTP"},
		{"smb", facts(FactSMB1Only, "true", FactDialect, "NT LM 0.12", FactSigning, "disabled", FactComputer, "MAIL01", FactDomain, "CONTOSO"), "SMB 1 and nothing newer, no signing, computer MAIL01, domain CONTOSO"},
		{"smb", facts(FactDialect, "2.1", FactSigning, "required"), "SMB 2.1, signing required"},
		{"dns", facts(FactQuestion, "MX of contoso.com", FactQuestionType, "MX", FactRCode, "NOERROR", FactMX, "10 mx.contoso.com", FactAutodiscoverSRV, "none"), "MX of contoso.com: 10 mx.contoso.com; SRV of Autodiscover: none"},
		{"dns", facts(FactQuestion, "SOA of contoso.com", FactRCode, "NXDOMAIN", FactAnswers, "none: NXDOMAIN"), "SOA of contoso.com: NXDOMAIN"},
		{"ntp", facts(FactStratum, "0", FactLeap, "unsynchronized"), "time server that is not synchronized"},
		{"ntp", facts(FactStratum, "2", FactReference, "10.0.0.1", FactLeap, "none"), "stratum 2, time from 10.0.0.1"},
		{"netbios-ns", facts(FactNames, "X<1e> (browser elections)"), "names X<1e> (browser elections)"},
		{"x400", facts(FactProof, "session layer", FactSession, "refused"), "X.400 stack: its session layer refused a session without an address"},
		{"ncacn-http", facts(FactEndpointMapper, "fault 0x00000005 (access denied)"), "RPC over HTTP (ncacn_http/1.0); its endpoint mapper tells nothing: fault 0x00000005 (access denied)"},
		{"ncacn-http", facts(FactEntries, "9", FactUnknown, "Exchange Server STORE"), "RPC over HTTP (ncacn_http/1.0); 9 entries, 0 endpoints; also Exchange Server STORE"},
		{"net-tcp", facts(FactFault, "EndpointNotFound"), ".NET message framing, fault EndpointNotFound"},
		{"winrm", Peer{Greeting: "HTTP/1.1 401 Unauthorized", Facts: map[string]string{FactAuthenticate: "Negotiate"}}, "WinRM, HTTP/1.1 401 Unauthorized, logins Negotiate"},
		{"irc", Peer{Greeting: ":chat 451 * :You have not registered"}, ":chat 451 * :You have not registered"},
		{"rdp", facts(FactProtocol, "RDP", FactNLA, NotOffered), "Remote Desktop, protection RDP, Network Level Authentication not offered"},
	} {
		if got := test.peer.Summary(test.protocol); got != test.want {
			t.Errorf("%s: %q, want %q", test.protocol, got, test.want)
		}
	}
}

// TestSummariesAreOfProtocols: no line is left over from a protocol that is gone.
func TestSummariesAreOfProtocols(t *testing.T) {
	for name := range maps.Keys(summaries) {
		if _, known := Table[name]; !known {
			t.Errorf("there is no protocol %q", name)
		}
	}
}
