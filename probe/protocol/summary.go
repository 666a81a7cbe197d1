// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"exreach/catalog"
)

// summaries has the line about each protocol whose server does not say by itself, in its
// greeting, what a person can use.
var summaries = map[string]func(Peer) string{
	"any":        ofUnknown,
	"tcp":        func(Peer) string { return "connected; nothing more was asked" },
	"ldap":       ofDirectory,
	"cldap":      ofController,
	"rpc":        ofMapper,
	"ncacn-http": ofProxiedRPC,
	"dns":        ofDNS,
	"kerberos":   ofKDC,
	"kpasswd":    ofPasswordService,
	"ntp":        ofClock,
	"smb":        ofSMB,
	"netbios-ns": ofNetBIOS,
	"x400":       ofX400,
	"t120":       func(p Peer) string { return "T.120 node of the kind " + p.Facts[FactNode] },
	"h323":       ofH323,
	"rdp":        ofRDP,
	"irc":        ofIRC,
	"link-state": func(p Peer) string { return line("Microsoft Routing Server", named("version ", p.Facts[FactVersion])) },
	"net-tcp":    ofNetTCP,
	"log-copier": ofLogCopier,
	"winrm":      ofWinRM,
	"caldav":     func(p Peer) string { return line(p.Greeting, p.Facts[FactServer], named("DAV ", p.Facts[FactDAV])) },
	"sip":        func(p Peer) string { return line(p.Greeting, cmp.Or(p.Facts[FactServer], p.Facts[FactUserAgent])) },
	"socks":      func(p Peer) string { return line("SOCKS 5 proxy", p.Facts[FactMethod]) },
	"telnet":     func(p Peer) string { return line("Telnet", named("the server negotiates ", p.Facts[FactOptions])) },
}

// Summary says in one line what a server that answered in a protocol told of itself: in
// its own words where it greets, and otherwise the facts that people ask for.
func (p Peer) Summary(protocol string) string {
	if tell, known := summaries[protocol]; known {
		return tell(p)
	}
	switch {
	case protocol == onlyTLS && strings.HasPrefix(p.Greeting, `\x15\x03`): // no handshake was tried, or none began
		return "TLS; the server sent an alert and nothing else"
	case protocol == onlyTLS:
		return cmp.Or(p.Greeting, "TLS; inside it there was neither a greeting nor an answer to HTTP")
	}
	return p.Greeting
}

// line joins the parts that are known.
func line(parts ...string) string {
	var known []string
	for _, part := range parts {
		if part != "" {
			known = append(known, part)
		}
	}
	return strings.Join(known, ", ")
}

// named puts a name before a value; "" where there is no value.
func named(name, value string) string {
	if value == "" {
		return ""
	}
	return name + value
}

// closeClocks is how far apart two clocks may be that agree: most protocols tell whole seconds,
// and the answer takes its time.
const closeClocks = 2 * time.Second

// clock is what the server's clock says, and by how much it differs from ours; "" where
// the server does not tell.
func (p Peer) clock() string {
	if p.Clock == nil {
		return ""
	}
	text := "clock " + p.Clock.Server.UTC().Format(time.DateTime) + " UTC"
	switch ahead := p.Clock.Server.Sub(p.Clock.Local); {
	case p.Clock.Local.IsZero():
		return text
	case ahead.Abs() < closeClocks:
		return text + " (same as this machine's)"
	case ahead > 0:
		return fmt.Sprintf("%s (%s ahead of this machine's)", text, catalog.Elapsed(ahead))
	default:
		return fmt.Sprintf("%s (%s behind this machine's)", text, catalog.Elapsed(-ahead))
	}
}

// ofUnknown shows words as they are, but says what to think of other bytes.
func ofUnknown(p Peer) string {
	switch {
	case p.Greeting == "":
		return "connected; there was " + ErrNothingSaid.Error()
	case strings.Contains(p.Greeting, `\x`):
		return "answered with bytes that exreach does not know: " + p.Greeting
	}
	return p.Greeting
}

func ofDirectory(p Peer) string {
	replicated := ""
	if strings.EqualFold(p.Facts[FactSynchronized], "FALSE") {
		replicated = "has not replicated yet"
	}
	who := cmp.Or(p.Facts[FactKind], "directory") + named(" ", p.Facts[FactDNSHostName]) + named(" of ", domainOf(p.Facts[FactDefaultContext]))
	return line(who, replicated, p.Facts[FactVendor], p.clock())
}

// domainOf makes the name in DNS of a distinguished name that has domain components alone
// ("DC=contoso,DC=com"), "" of any other.
func domainOf(dn string) string {
	var labels []string
	for part := range strings.SplitSeq(dn, ",") {
		kind, label, _ := strings.Cut(part, "=")
		if !strings.EqualFold(strings.TrimSpace(kind), "DC") {
			return ""
		}
		labels = append(labels, label)
	}
	return strings.Join(labels, ".")
}

func ofController(p Peer) string {
	who := "domain controller" + named(" ", p.Facts[FactDC]) + named(" of ", p.Facts[FactDNSDomain])
	return line(who, named("site ", p.Facts[FactSite]), named("serves ", p.Facts[FactFlags]))
}

// ofMapper tells an endpoint map in one line: how large it is, and who listens where.
func ofMapper(p Peer) string {
	type binding struct {
		sequence, address string
		port              uint16
	}
	bindings := map[binding]bool{}
	for _, e := range p.Endpoints {
		bindings[binding{e.Sequence, e.Address, e.Port}] = true
	}
	entries := cmp.Or(p.Facts[FactEntries], "0")
	return entries + either(entries == "1", " entry, ", " entries, ") + catalog.Count(len(bindings), "endpoint") +
		named(": ", p.Facts[FactTCPEndpoints]) + named("; also ", p.Facts[FactUnknown])
}

func ofProxiedRPC(p Peer) string {
	const speaks = "RPC over HTTP (" + ncacnGreeting + ")"
	switch why := p.Facts[FactEndpointMapper]; {
	case why != "":
		return speaks + "; its endpoint mapper tells nothing: " + why
	case p.Facts[FactEntries] != "":
		return speaks + "; " + ofMapper(p)
	}
	return speaks
}

func ofDNS(p Peer) string {
	answer := cmp.Or(p.Facts[FactMX], strings.TrimPrefix(p.Facts[FactAnswers], p.Facts[FactQuestionType]+" "), "no records")
	if code := p.Facts[FactRCode]; code != "" && code != "NOERROR" {
		answer = code
	}
	return p.Facts[FactQuestion] + ": " + answer + named("; SRV of Autodiscover: ", p.Facts[FactAutodiscoverSRV])
}

func ofKDC(p Peer) string {
	said := named("realm ", p.Facts[FactRealm])
	if said == "" {
		said = "KDC of an unknown realm" + named(", answers ", p.Facts[FactError])
	}
	return line(said, p.clock())
}

func ofPasswordService(p Peer) string {
	return line("password changes of "+cmp.Or(p.Facts[FactRealm], "an unknown realm"), p.clock())
}

func ofClock(p Peer) string {
	if p.Facts[FactLeap] == ntpLeaps[ntpNoSync] {
		return line("time server that is not synchronized", p.clock())
	}
	return line(named("stratum ", p.Facts[FactStratum]), named("time from ", p.Facts[FactReference]), p.clock())
}

// signings says whether a server signs its messages, by the fact "signing".
var signings = map[string]string{"required": "signing required", "enabled": "signing not required", "disabled": "no signing"}

func ofSMB(p Peer) string {
	said := "SMB " + p.Facts[FactDialect]
	if p.Facts[FactSMB1Only] != "" {
		said = "SMB 1 and nothing newer"
	}
	return line(said, signings[p.Facts[FactSigning]], named("computer ", p.Facts[FactComputer]), named("domain ", p.Facts[FactDomain]), p.clock())
}

func ofNetBIOS(p Peer) string {
	if p.Facts[FactComputer] == "" {
		return "names " + p.Facts[FactNames]
	}
	return line("computer "+p.Facts[FactComputer], named("domain ", p.Facts[FactDomain]), named("MAC ", p.Facts[FactMAC]))
}

func ofX400(p Peer) string {
	if session := p.Facts[FactSession]; session != "" {
		return "X.400 stack: its session layer " + session + " a session without an address"
	}
	return "X.400 stack: its transport layer confirmed a connection"
}

func ofH323(p Peer) string {
	return line("H.323 call control", named("answers ", p.Facts[FactMessage]), named("cause ", p.Facts[FactCause]), named("call state ", p.Facts[FactCallState]))
}

func ofRDP(p Peer) string {
	return line("Remote Desktop", named("protection ", p.Facts[FactProtocol]), named("Network Level Authentication ", p.Facts[FactNLA]))
}

func ofIRC(p Peer) string {
	if p.Facts[FactIRCX] == "" {
		return p.Greeting
	}
	logins := "" // behind two numbers: "0 0 ANON,NTLM 512 *"
	if words := strings.Fields(p.Facts[FactIRCX]); len(words) > 2 {
		logins = words[2]
	}
	return line("IRC with Microsoft's extensions (IRCX)", named("logins ", logins))
}

func ofNetTCP(p Peer) string {
	if fault := p.Facts[FactFault]; fault != "" {
		return ".NET message framing, fault " + fault
	}
	return line(".NET message framing", named("logins by ", p.Facts[FactUpgrade]))
}

func ofLogCopier(p Peer) string {
	return ".NET NegotiateStream, which other services of .NET speak as well" + named("; an empty login is refused with ", p.Facts[FactError])
}

func ofWinRM(p Peer) string {
	if version := p.Facts[FactVersion]; version != "" {
		return line("WinRM", p.Facts[FactProduct], version)
	}
	return line("WinRM, "+p.Greeting, named("logins ", p.Facts[FactAuthenticate]))
}
