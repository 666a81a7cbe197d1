// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"exreach/probe/protocol"
)

// sayCut: where it hung up says the most of why.
func sayCut(s seen) (text, hint string) {
	switch service := s.Check.Service; {
	case s.Step == protocol.Connect:
		return "The connection was reset at the moment it came about: the service is full or stopping, or a firewall resets what it does not like.",
			"Look at the service and its log on the server, then at the log of the firewall."
	case s.Step == protocol.TLS && service.TLS.First():
		return s.sayCutAtHello()
	case s.Step == protocol.TLS:
		text = "The server agreed to begin TLS and hung up at the client's hello: the service has no certificate that it can use."
		return text + s.tlsBeside(), s.certificateHint()
	}
	return s.sayCutTalk()
}

// sayCutAtHello: Schannel, HTTP.sys and the services on them do not explain what
// they lack, they hang up.
func (s seen) sayCutAtHello() (text, hint string) {
	const hungUp = "The connect succeeded, and the server hung up at the client's first TLS message, as Windows does "
	switch spoken := s.Check.Service.Protocol; {
	case s.asksController():
		text = hungUp + "where a domain controller has no certificate for LDAP over TLS."
	case spoken == "http", spoken == "caldav":
		text = hungUp + "where the binding of the web site has lost its certificate (HTTP.sys)."
	case spoken == "winrm":
		text = hungUp + "where the listener of WinRM has lost its certificate (HTTP.sys)."
	case (spoken == "imap" || spoken == "pop3") && s.has("2013"):
		text = hungUp + "where the service has no certificate that it can use, or where its proxy component is inactive."
	default:
		text = hungUp + "where the service has no certificate that it can use."
	}
	return text + " Having no cipher or TLS version in common looks the same." + s.tlsBeside(), s.certificateHint()
}

// tlsBeside says what the other ports of the address tell about TLS: whether the
// way is clear for it.
func (s seen) tlsBeside() string {
	var ports []string
	for _, r := range s.here().secured {
		if r.Port != s.Port {
			ports = append(ports, seen{Result: *r}.port())
		}
	}
	if ports == nil {
		return ""
	}
	return fmt.Sprintf(" TLS works at %s of the same server, so no device on the path stops it as such.", listed(ports))
}

// sayCutTalk: it hung up in the conversation, or before it had said anything.
func (s seen) sayCutTalk() (text, hint string) {
	connected := "The connect succeeded, then the other side hung up before it answered: "
	if s.Step == protocol.Talk {
		connected = "The conversation began, then the other side hung up in the middle of it: "
	}
	const onPath = ", or a device on the path resets what it does not like."
	switch s.Check.Service.Protocol {
	case "smtp":
		return connected + "the service turns this address away or is failing, a load balancer before it has no server left" + onPath,
			"See whether the service accepts this address (" + s.smtpLimits() + "), then its log, then those of load balancer and firewall."
	case "http", "caldav":
		text = connected + "the web server or the application pool behind it is failing, or a load balancer has no server to pass the request to" + onPath
		if t := s.tls(); t != nil && t.Version == "TLS 1.3" {
			text += " Under TLS 1.3 IIS hangs up, too, where a directory wants a client certificate."
		}
		return text, "See the application pools in IIS and the logs of HTTP.sys (httperr), then the load balancer's pool and the firewall's log."
	case "imap", "pop3":
		if !s.has("2013") {
			return connected + "the service is stopping or has too many connections" + onPath,
				"Look at the service, its log and its limits of connections on the server, then at the log of the firewall."
		}
		return connected + "the service behind it is stopped or its proxy component is inactive" + onPath, s.certificateHint()
	case "ldap":
		return connected + "the directory turns this address or an anonymous question away, or is restarting" + onPath,
			"See the Directory Service log and the IP deny list of the domain controller (ntdsutil, ldap policies), then the firewall's log."
	}
	return connected + "the service turns this address away or is failing" + onPath,
		"Look at the service and its log on the server, then at the log of the firewall."
}

// smtpLimits is where a version of Exchange decides whose connections it takes.
func (s seen) smtpLimits() string {
	switch {
	case s.has("2007"):
		return "receive connector ranges, connections per source"
	case s.has("2000"):
		return "Exchange System Manager, the SMTP virtual server, Access and General"
	case s.exchange():
		return "Exchange Administrator, Internet Mail Service, Connections"
	}
	return "its lists of addresses, connections per source"
}
