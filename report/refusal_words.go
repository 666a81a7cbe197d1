// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A refusalWord explains how one protocol turns strangers away: the likely
// cause, and what to do about it in this version of Exchange.
type refusalWord struct {
	protocol string
	when     func(seen) bool // nil: however it says it
	say      func(seen) (cause, hint string)
}

// refusalWords is what is told of a refusal. The first row of its protocol that
// applies holds, so that what knows more stands before what knows less.
var refusalWords = slices.Concat(httpRefusals, mailRefusals, directoryRefusals, otherRefusals)

func sayRefuses(s seen) (text, hint string) {
	text = "The service answers and turns us away: " + sentence(s.Peer.Refusal)
	if s.Check.Version == online {
		return text, "Microsoft runs this server: see the service health of Microsoft 365 (admin.microsoft.com), and try again later."
	}
	for _, w := range refusalWords {
		if w.protocol == s.Check.Service.Protocol && (w.when == nil || w.when(s)) {
			cause, hint := w.say(s)
			return text + " " + cause, hint
		}
	}
	return text, "Look into the log of the service on the server, and see whether it accepts this address."
}

// advise is a cause and a hint that fit every version.
func advise(cause, hint string) func(seen) (string, string) {
	return func(seen) (string, string) { return cause, hint }
}

// code makes the condition of a refusal that begins with one of these words, as
// its protocol has them: "421", "SERVFAIL".
func code(codes ...string) func(seen) bool {
	return func(s seen) bool { return slices.Contains(codes, s.refusalCode()) }
}

// refusalCode is the code that a reply begins with. SIP's has the name of the
// protocol before it.
func (s seen) refusalCode() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(s.Peer.Refusal, "SIP "), " ")
	first, _, _ = strings.Cut(first, "-") // 421-4.3.2
	return first
}

// refusalHas makes the condition of a refusal with these words of the peer's.
func refusalHas(words ...string) func(seen) bool {
	return func(s seen) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(s.Peer.Refusal, w) })
	}
}

// has reports whether the host runs this version or a later one of Exchange
// Server.
func (s seen) has(first string) bool { return s.exchange() && since(first, s.Check.Version) }

// component is how to see whether a component takes work: since 2013 Managed
// Availability and administrators may take it out of service; before, there is
// the Windows service alone.
func (s seen) component(name, service string) string {
	if s.has("2013") {
		return fmt.Sprintf("See whether the component is active (Get-ServerComponentState -Identity SERVER -Component %s) and the service runs (Get-Service %s)", name, service)
	}
	return fmt.Sprintf("See in services.msc that %s runs and is not paused", service)
}

// mailRefusals: RFC 5321, RFC 1939 and RFC 3501 have the replies; what Exchange
// means by them is in Microsoft's "Understanding back pressure" and "Receive
// connectors".
var mailRefusals = []refusalWord{
	{"smtp", code("452"), func(s seen) (string, string) {
		return "It is short of disk space or memory (back pressure) and takes no mail.",
			"On the server, look for events 15004 to 15007 of MSExchangeTransport, and free space on the disk of the mail queue."
	}},
	{"smtp", code("421"), func(s seen) (string, string) {
		cause := "It takes no connections now: the transport service is stopped or paused, too busy, or has too many connections from this address."
		if !s.has("2007") {
			return cause, s.olderSMTP("connections are limited")
		}
		return cause, s.component(s.transport()) + "; then see the limits of the receive connector (Get-ReceiveConnector | fl MaxInbound*) and back pressure (events 15004 to 15007)."
	}},
	{"smtp", code("500", "502", "503", "521", "550", "554", "571"), func(s seen) (string, string) {
		cause := "It does not talk to this address or name: a connector that leaves the address out, a block list, or a filter before the server."
		if !s.has("2007") {
			return cause, s.olderSMTP("this address is denied")
		}
		return cause, "See which receive connector takes this address (Get-ReceiveConnector | fl Name,RemoteIPRanges,PermissionGroups), and the block lists of the transport agents (Get-IPBlockListEntry)."
	}},
	{"smtp", nil, func(s seen) (string, string) {
		if !s.has("2007") {
			return "It takes no mail from this address now.", s.olderSMTP("this address is denied")
		}
		return "It takes no mail from this address now.", s.component(s.transport()) +
			"; then see the receive connector (Get-ReceiveConnector) and back pressure (events 15004 to 15007)."
	}},
	{"pop3", nil, func(s seen) (string, string) { return s.mailbox("PopProxy", "MSExchangePOP3", "Pop") }},
	{"imap", nil, func(s seen) (string, string) { return s.mailbox("ImapProxy", "MSExchangeIMAP4", "Imap") }},
	{"nntp", nil, func(s seen) (string, string) {
		return "The news service is stopped or paused, or does not let this address in.",
			"See the NNTP virtual server (Exchange System Manager, Protocols, NNTP; in 5.5 the protocol's page in Exchange Administrator): that it is started, and its connection control."
	}},
}

// transport is the component and the service that listen at a port of SMTP.
func (s seen) transport() (component, service string) {
	switch {
	case s.Check.Service.Role == "edge":
		return "EdgeTransport", "MSExchangeTransport"
	case !s.has("2013"):
		return "", "MSExchangeTransport"
	case s.Port == 2525 || s.Port == 465:
		return "HubTransport", "MSExchangeTransport"
	case s.Port == 475:
		return "ServerWideOffline", "MSExchangeDelivery"
	}
	return "FrontendTransport", "MSExchangeFrontEndTransport"
}

// olderSMTP is where 4.0 to 2003, and servers that are not Exchange, decide who
// may connect.
func (s seen) olderSMTP(what string) string {
	switch {
	case !s.exchange():
		return "Ask the administrator of that server whether " + what + "; if it uses block lists, look this address up in them."
	case s.has("2000"):
		return fmt.Sprintf("See in Exchange System Manager whether %s there: Protocols, SMTP, the virtual server, Access and General; and that the service SMTPSVC runs.", what)
	}
	return fmt.Sprintf("See in Exchange Administrator whether %s there: the connections of the Internet Mail Service; and that MSExchangeIMC runs.", what)
}

// mailbox is what stops POP3 or IMAP4.
func (s seen) mailbox(component, service, settings string) (cause, hint string) {
	cause = "The service is stopped for clients, or has too many connections from this address."
	switch {
	case s.has("2007"):
		return cause, fmt.Sprintf("%s; then see its limits (Get-%sSettings | fl *Connection*).", s.component(component, service), settings)
	case s.has("2000"):
		return cause, "See in Exchange System Manager that the virtual server is started (Protocols), and the limits and addresses under Access."
	case s.exchange():
		return cause, "See in Exchange Administrator that the protocol is enabled for the server and the site."
	}
	return cause, "Look into the log of that program; restart it if connections were left over."
}

// directoryRefusals: result codes of LDAP are in RFC 4511, appendix A; the
// numbers that Active Directory puts before its text are Windows' own errors.
var directoryRefusals = []refusalWord{
	{"ldap", code("8"), advise("The directory wants the conversation signed or encrypted (LDAP signing).",
		"That is a policy of the domain controller (Domain controller: LDAP server signing requirements). Programs that sign, or use LDAPS at 636, are let in: look at the controller's event 2889 for those that are not.")},
	{"ldap", refusalHas("000004DC", "successful bind must be completed"), advise("The directory shows nothing to those who have not logged in (anonymous access is off).",
		"Exchange logs in and is not hurt. To see more, check with --credentials; if programs must read without a login, see dSHeuristics of the forest.")},
	{"ldap", code("48", "50", "53"), advise("The directory does not let this bind or search pass without a login or without TLS.",
		"Exchange logs in and is not hurt by that. See the directory's policy on anonymous binds; check with --credentials to see more.")},
	{"ldap", code("51", "52"), advise("The directory is busy, starting or stopping.",
		"On the domain controller: dcdiag /test:services, repadmin /replsummary, and the service NTDS; then check again.")},
	{"ldap", nil, advise("The directory answers and does not show its own entry (rootDSE).",
		"On the domain controller look for LDAP policies, anonymous access and a limit of addresses (ntdsutil, ldap policies, ipdeny list); on an Edge server see that ADAM_MSExchange runs.")},
	{"cldap", nil, advise("A domain controller answers, and not for this domain, or Netlogon is paused.",
		"On the domain controller: nltest /dsgetdc:DOMAIN /force, dcdiag /test:advertising, and that the service Netlogon runs.")},
	{"dns", code("SERVFAIL"), func(s seen) (string, string) {
		return s.question() + "The server could not find out: a zone that is not loaded, or a forwarder that does not answer.",
			"On the DNS server: Get-DnsServerZone and Get-DnsServerForwarder (dnscmd /enumzones and /info before Windows Server 2012), and see whether it reaches its forwarders at TCP and UDP 53."
	}},
	{"dns", code("REFUSED"), func(s seen) (string, string) {
		return s.question() + "The server does not hold that zone, and does not ask other servers for this address (recursion).",
			"See whether this is the right DNS server for the domain; if it is, see its zones, recursion and who may ask (Get-DnsServerRecursion, allow-recursion in BIND)."
	}},
	{"dns", code("FORMERR", "NOTIMP"), func(s seen) (string, string) {
		return s.question() + "The server does not understand the question, or a device on the way rewrites it.",
			"Ask the same from the server's own subnet (nslookup). If it works there, look for DNS inspection in the firewall; if not, see which program serves DNS."
	}},
	{"dns", nil, func(s seen) (string, string) {
		return s.question() + "The server did not look.", "See its zones, forwarders and recursion, and whether it answers this address."
	}},
	{"kerberos", code("29"), advise("The Kerberos service has no working database: the domain controller is starting, or is not healthy.",
		"On the domain controller: dcdiag, and that the services KDC and NTDS run.")},
	{"kerberos", nil, advise("The Kerberos service answers and does not serve this realm or request.",
		"See that the domain controller is of the right domain (nltest /dsgetdc:DOMAIN /kdc) and healthy (dcdiag).")},
	{"kpasswd", nil, advise("The password service answers and does not take requests.", "On the domain controller: dcdiag, and that the service KDC runs.")},
}

// question is what a DNS server was asked, where it is known.
func (s seen) question() string {
	if asked, known := s.fact("question"); known {
		return fmt.Sprintf("It was asked for %s. ", asked)
	}
	return ""
}

// otherRefusals are those of the other protocols.
var otherRefusals = []refusalWord{
	{"rpc", nil, func(s seen) (string, string) {
		if s.Check.Service.RPC == nil {
			return "The endpoint mapper does not tell strangers what is registered: a policy of Windows (RestrictRemoteClients) or an RPC filter. What is behind it is not known.",
				"Outlook and Exchange log in and may be let through. See the policy Restrict Unauthenticated RPC clients (gpresult /h, Remote Procedure Call) and netsh rpc filter show filter; check from the server itself to compare."
		}
		return "The interface does not let strangers bind: a policy of Windows (RestrictRemoteClients), an RPC filter, or a service that is too busy.",
			"See the policy Restrict Unauthenticated RPC clients and netsh rpc filter show filter on the server; Outlook and Exchange, which log in, may be let through."
	}},
	{"smb", nil, advise("File sharing answers and does not let this session begin.",
		"On the server: Get-SmbServerConfiguration (dialects, signing, encryption), and that the service LanmanServer runs and is not short of resources.")},
	{"netbios-ns", nil, advise("The NetBIOS name service does not tell its names.", "See whether NetBIOS over TCP/IP is on for this network adapter (nbtstat -n on the server). Exchange needs it no more.")},
	{"ntp", nil, advise("The time service does not serve this address now (a kiss-o'-death, RFC 5905).",
		"See who may ask and how often: w32tm /query /configuration on Windows, restrict and limited in ntp.conf elsewhere.")},
	{"sip", code("403"), func(s seen) (string, string) {
		if s.has("2007") {
			return "Unified Messaging knows no IP gateway with this address.", "On the server: Get-UMIPGateway | fl Name,Address. From an address that is listed there, the check passes."
		}
		return "The SIP server does not know this address.", "See which addresses it trusts; from one of them, the check passes."
	}},
	{"sip", nil, func(s seen) (string, string) {
		service := "MSExchangeUM"
		if s.has("2013") && s.Port == 5060 {
			service = "MSExchangeUMCR"
		}
		return "The SIP server answers and takes no calls.", s.component("UMCallRouter", service) + "; then look for events of MSExchange Unified Messaging."
	}},
	{"socks", nil, advise("The proxy wants a login of its own, and Exchange's open-proxy test has none.", "An open proxy answers without one: this one is not open to us.")},
	{"net-tcp", nil, advise("The service behind Windows' port sharing is too busy, stopped or does not let this address in.",
		"On the server: Get-Service NetTcpPortSharing,MSExchange* and the event log of the service that owns the port.")},
	{"x400", nil, advise("The message transfer agent answers and does not take this association.", "See that MSExchangeMTA runs, and the transport stack and connector (its T selector, and the address of the other side).")},
	{"t120", nil, advise("The conferencing service answers and takes no conference now.", "See on the server that the conferencing service runs and has a provider for T.120.")},
	{"rdp", nil, advise("Remote Desktop answers and has no security layer in common with us.",
		"On the server see the certificate and security layer of RDP-Tcp (wmic /namespace:\\\\root\\cimv2\\TerminalServices path Win32_TSGeneralSetting get SecurityLayer,SSLCertificateSHA1Hash).")},
	{"irc", nil, advise("The chat service does not let this address or name in.", "See its bans, passwords and limits of connections.")},
	{"winrm", nil, func(s seen) (string, string) {
		return "Windows answers at the port and its remote management does not.",
			cmp.Or(map[string]string{
				"404": "On the server: winrm enumerate winrm/config/listener shows whether there is a listener for this port; winrm quickconfig makes one.",
				"503": "On the server: Restart-Service WinRM, then winrm get winrm/config.",
			}[s.status()], "On the server: winrm get winrm/config/service (IPv4Filter, IPv6Filter, authentication), and that the service WinRM runs.")
	}},
	{"caldav", nil, advise("The calendar service answers and refuses.", "Look into the log of DavMail: it needs a way to Exchange of its own (davmail.url).")},
}
