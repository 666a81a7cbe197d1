// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
)

// A refusalWord explains one way in which servers of a protocol turn clients away: the
// likely cause, and what to do about it in this version of Exchange.
type refusalWord struct {
	protocol string
	when     func(seen) bool // nil: always
	say      func(seen) (cause, hint string)
}

// refusalWords explains refusals. The first row of the protocol that applies counts, so
// the more specific rows come before the general ones.
var refusalWords = slices.Concat(httpRefusals, mailRefusals, directoryRefusals, otherRefusals)

func sayRefuses(s seen) (text, hint string) {
	text = "The service answers but turns this client away: " + sentence(s.Peer.Refusal)
	if s.isOf(catalog.ExchangeOnline) {
		return text, "Microsoft runs this server: see the service health of Microsoft 365 (admin.microsoft.com), and try again later."
	}
	for _, w := range refusalWords {
		if w.protocol == s.Check.Service.Protocol && (w.when == nil || w.when(s)) {
			cause, hint := w.say(s)
			return text + " " + cause, hint
		}
	}
	return text, "Check the log of the service on the server, and whether it accepts this address."
}

// advise returns a say with a cause and a hint that fit every version.
func advise(cause, hint string) func(seen) (string, string) {
	return func(seen) (string, string) { return cause, hint }
}

// replyCode returns the condition that the SMTP reply has one of these codes.
func replyCode(codes ...string) func(seen) bool {
	return func(s seen) bool {
		reply, _, _ := strings.Cut(s.Peer.Refusal, " ")
		reply, _, _ = strings.Cut(reply, "-") // 421-4.3.2
		return slices.Contains(codes, reply)
	}
}

// rcode returns the condition that the DNS answer has one of these codes.
func rcode(codes ...string) func(seen) bool {
	return func(s seen) bool {
		answer, _ := s.fact(protocol.FactRCode)
		return slices.Contains(codes, answer)
	}
}

// because returns the condition that the server refuses for this reason.
func because(why wire.Reason) func(seen) bool {
	return func(s seen) bool { return s.reason() == why }
}

// atLeast reports whether the host runs this version or a later one of Exchange
// Server.
func (s seen) atLeast(first string) bool { return s.exchange() && s.since(first) }

// component is how to check whether a component is in service: since 2013 Managed
// Availability and administrators may take it out of service; before, there is
// only the Windows service.
func (s seen) component(name, service string) string {
	if s.atLeast("2013") {
		return fmt.Sprintf("Check that the component is active (Get-ServerComponentState -Identity SERVER -Component %s) and the service is running (Get-Service %s)", name, service)
	}
	return fmt.Sprintf("In services.msc, check that %s is running and not paused", service)
}

// mailRefusals: RFC 5321, RFC 1939 and RFC 3501 have the replies; what Exchange
// means by them is in Microsoft's "Understanding back pressure" and "Receive
// connectors".
var mailRefusals = []refusalWord{
	{"smtp", replyCode("452"), func(s seen) (string, string) {
		if !s.atLeast("2007") {
			return "It is short of disk space or memory and accepts no mail.", "On the server, free space on the disk of the mail queue, and check the event log for what is short."
		}
		return "It is short of disk space or memory (back pressure) and accepts no mail.",
			"On the server, look for events 15004 to 15007 of MSExchangeTransport, and free space on the disk of the mail queue."
	}},
	{"smtp", replyCode("421"), func(s seen) (string, string) {
		cause := "It accepts no connections now: the transport service is stopped or paused, too busy, or has too many connections from this address."
		if !s.atLeast("2007") {
			return cause, s.olderSMTP("connections are limited")
		}
		return cause, s.component(s.transport()) + "; then the limits of the receive connector (Get-ReceiveConnector | fl MaxInbound*) and back pressure (events 15004 to 15007)."
	}},
	{"smtp", replyCode("500", "502", "503", "521", "550", "554", "571"), func(s seen) (string, string) {
		cause := "It rejects this address or name: no receive connector covers the address, a block list has it, or a filter in front of the server rejects it."
		if !s.atLeast("2007") {
			return cause, s.olderSMTP("this address is denied")
		}
		return cause, "Check which receive connector covers this address (Get-ReceiveConnector | fl Name,RemoteIPRanges,PermissionGroups), and the block lists of the transport agents (Get-IPBlockListEntry)."
	}},
	{"smtp", nil, func(s seen) (string, string) {
		if !s.atLeast("2007") {
			return "It accepts no mail from this address now.", s.olderSMTP("this address is denied")
		}
		return "It accepts no mail from this address now.", s.component(s.transport()) +
			"; then the receive connector (Get-ReceiveConnector) and back pressure (events 15004 to 15007)."
	}},
	{"pop3", nil, func(s seen) (string, string) { return s.mailbox("PopProxy", "MSExchangePOP3", "Pop") }},
	{"imap", nil, func(s seen) (string, string) { return s.mailbox("ImapProxy", "MSExchangeIMAP4", "Imap") }},
	{"nntp", nil, func(s seen) (string, string) {
		return "The news service is stopped or paused, or does not accept this address.",
			"Check that the NNTP virtual server is started, and its connection control (Exchange System Manager, Protocols, NNTP; in 5.5 the protocol's page in Exchange Administrator)."
	}},
}

// transport returns the component and the Windows service that listen at a port of SMTP.
func (s seen) transport() (component, service string) {
	switch {
	case s.Check.Service.Role == "edge":
		return "EdgeTransport", "MSExchangeTransport"
	case !s.atLeast("2013"):
		return "", "MSExchangeTransport"
	case s.Port == 2525 || s.Port == 465:
		return "HubTransport", "MSExchangeTransport"
	case s.Port == 475:
		return "ServerWideOffline", "MSExchangeDelivery"
	}
	return "FrontendTransport", "MSExchangeFrontEndTransport"
}

// olderSMTP says where 4.0 to 2003, and servers that are not Exchange, decide who may
// connect; what is the question to settle there: "this address is denied".
func (s seen) olderSMTP(what string) string {
	switch {
	case !s.exchange():
		return "Ask the administrator of that server whether " + what + "; if it uses block lists, look this address up in them."
	case s.atLeast("2000"):
		return fmt.Sprintf("In Exchange System Manager (Protocols, SMTP, the virtual server, Access and General), check whether %s, and that the service SMTPSVC is running.", what)
	}
	return fmt.Sprintf("In Exchange Administrator (Internet Mail Service, Connections), check whether %s, and that the service MSExchangeIMC is running.", what)
}

// mailbox says what turns clients of POP3 or IMAP4 away; settings is Pop or Imap, as in
// Get-PopSettings.
func (s seen) mailbox(component, service, settings string) (cause, hint string) {
	cause = "The service is stopped for clients, or has too many connections from this address."
	switch {
	case s.atLeast("2007"):
		return cause, fmt.Sprintf("%s; then its limits (Get-%sSettings | fl *Connection*).", s.component(component, service), settings)
	case s.atLeast("2000"):
		return cause, "In Exchange System Manager (Protocols), check that the virtual server is started, and its limits and addresses under Access."
	case s.exchange():
		return cause, "In Exchange Administrator, check that the protocol is enabled for the server and the site."
	}
	return cause, "Check the log of that program; restart it if old connections are left over."
}

// directoryRefusals are those of a domain controller and of DNS. A directory that
// requires a login has a finding of its own: see sayRefusesStrangers.
var directoryRefusals = []refusalWord{
	{"ldap", because(wire.Unavailable), advise("The directory is busy, starting or stopping.",
		"On the domain controller, run dcdiag /test:services and repadmin /replsummary, and check the service NTDS; then run exreach again.")},
	{"ldap", nil, advise("The directory answers but does not show its rootDSE.",
		"On a domain controller, check LDAP policies and the IP deny list (ntdsutil); on an Edge server, check that the service ADAM_MSExchange is running.")},
	{"cldap", nil, advise("A domain controller answers, but not for this domain, or its Netlogon service is paused.",
		"On the domain controller: nltest /dsgetdc:DOMAIN /force, dcdiag /test:advertising, and check that the service Netlogon is running.")},
	{"dns", rcode("SERVFAIL"), func(s seen) (string, string) {
		return s.question() + "The server could not resolve it: its zone is not loaded, or its forwarder does not answer.",
			"On the DNS server: Get-DnsServerZone and Get-DnsServerForwarder (dnscmd /enumzones and /info before Windows Server 2012), and check that it reaches its forwarders at TCP and UDP 53."
	}},
	{"dns", rcode("REFUSED"), func(s seen) (string, string) {
		return s.question() + "The server does not hold that zone, and does not resolve other names for this client (recursion).",
			"Check that this is the right DNS server for the domain; if it is, check its zones, recursion and who may ask (Get-DnsServerRecursion; allow-recursion in BIND)."
	}},
	{"dns", rcode("FORMERR", "NOTIMP"), func(s seen) (string, string) {
		return s.question() + "The server does not understand the question, or a device on the path rewrites it.",
			"Ask the same from the server's own subnet (nslookup). If it works there, look for DNS inspection in the firewall; if not, check which program serves DNS."
	}},
	{"dns", nil, func(s seen) (string, string) {
		return s.question() + "The server did not look it up.", "Check its zones, forwarders and recursion, and whether it answers this address."
	}},
	{"kerberos", because(wire.Unavailable), advise("The Kerberos service has no working database: the domain controller is starting, or is not healthy.",
		"On the domain controller, run dcdiag, and check that the services KDC and NTDS are running.")},
	{"kerberos", nil, advise("The Kerberos service answers but does not serve this realm or request.",
		"Check that the domain controller belongs to the right domain (nltest /dsgetdc:DOMAIN /kdc) and is healthy (dcdiag).")},
	{"kpasswd", nil, advise("The password service answers but accepts no requests.", "On the domain controller, run dcdiag, and check that the service KDC is running.")},
}

// question is a sentence with what a DNS server was asked, "" if that is not known.
func (s seen) question() string {
	if asked, known := s.fact(protocol.FactQuestion); known {
		return fmt.Sprintf("It was asked for %s. ", asked)
	}
	return ""
}

// otherRefusals are those of the other protocols.
var otherRefusals = []refusalWord{
	{"rpc", shortOf, advise("It is too busy, or has reached a limit of its own.", rpcBusy)},
	{"rpc", nil, func(s seen) (string, string) {
		if s.Check.Service.RPC == nil {
			return "The endpoint mapper is short of something, starting or stopping.",
				"On the server, check that the services RpcEptMapper and RpcSs are running and that memory is left; then run exreach again."
		}
		return "The interface does not accept the bind or the call: the service is too busy, or an RPC filter rejects it.",
			"Check the service and its log on the server, and its RPC filters (netsh rpc filter show filter); Outlook and Exchange, which authenticate, may be let through."
	}},
	{"smb", nil, advise("File sharing answers but refuses to start this session.",
		"On the server: Get-SmbServerConfiguration (dialects, signing, encryption), and check that the service LanmanServer is running and not short of resources.")},
	{"netbios-ns", nil, advise("The NetBIOS name service does not list its names.", "Check whether NetBIOS over TCP/IP is enabled for the network adapter (nbtstat -n on the server). Current versions of Exchange do not need it.")},
	{"ntp", nil, advise("The time service does not serve this address now (a kiss-o'-death, RFC 5905).",
		"Check who may ask and how often: w32tm /query /configuration on Windows, restrict and limited in ntp.conf elsewhere.")},
	{"sip", because(wire.OurName), func(s seen) (string, string) {
		if s.atLeast("2007") {
			return "Unified Messaging knows no IP gateway with this address.", "On the server: Get-UMIPGateway | fl Name,Address. From an address that is listed there, the check passes."
		}
		return "The SIP server does not know this address.", "Check which addresses it trusts; from one of them, the check passes."
	}},
	{"sip", nil, func(s seen) (string, string) {
		service := "MSExchangeUM"
		if s.atLeast("2013") && s.Port == 5060 {
			service = "MSExchangeUMCR"
		}
		return "The SIP server answers but accepts no calls.", s.component("UMCallRouter", service) + "; then look for events of MSExchange Unified Messaging."
	}},
	{"net-tcp", nil, advise("The service behind Windows' port sharing is too busy or stopped, or does not accept this address.",
		"On the server: Get-Service NetTcpPortSharing,MSExchange* and the event log of the service that owns the port.")},
	{"x400", nil, advise("The message transfer agent answers but rejects this association.", "Check that MSExchangeMTA is running, and its transport stack and connector (its T selector, and the address of the remote MTA).")},
	{"t120", nil, advise("The conferencing service answers but accepts no conference now.", "On the server, check that the conferencing service is running and has a provider for T.120.")},
	{"rdp", nil, advise("Remote Desktop answers but has no security layer in common with exreach.",
		"On the server, check the certificate and security layer of RDP-Tcp (wmic /namespace:\\\\root\\cimv2\\TerminalServices path Win32_TSGeneralSetting get SecurityLayer,SSLCertificateSHA1Hash).")},
	{"irc", nil, advise("The chat service does not accept this address or name.", "Check its bans, passwords and connection limits.")},
	{"winrm", nil, func(s seen) (string, string) {
		return "Windows answers at the port, but its remote management service does not.",
			cmp.Or(map[string]string{
				"404": "On the server: winrm enumerate winrm/config/listener shows whether there is a listener for this port; winrm quickconfig creates one.",
				"503": "On the server: Restart-Service WinRM, then winrm get winrm/config.",
			}[s.status()], "On the server: winrm get winrm/config/service (IPv4Filter, IPv6Filter, authentication), and check that the service WinRM is running.")
	}},
	{"caldav", nil, advise("The calendar service answers but refuses the request.", "Check the log of DavMail: it needs its own connection to Exchange (davmail.url).")},
}
