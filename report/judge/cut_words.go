// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"

	"exreach/probe/protocol"
)

// sayCut: where it hung up says the most of why.
func sayCut(s seen) (text, hint string) {
	switch service := s.Check.Service; {
	case s.Step == protocol.Connect:
		return "The connection was reset as soon as it was established: the service is overloaded or stopping, or a firewall resets what it does not allow.",
			"Check the service and its log on the server, then the log of the firewall."
	case s.Step == protocol.TLS && service.TLS.First():
		return s.sayCutAtHello()
	case s.Step == protocol.TLS:
		text = "The server agreed to start TLS and hung up at the ClientHello: most likely the service has no usable certificate, or no TLS version or cipher in common with exreach."
		return text + s.tlsBeside(), s.certificateHint()
	}
	return s.sayCutTalk()
}

// sayCutAtHello: Schannel, HTTP.sys and the services on them do not explain what
// they lack, they hang up.
func (s seen) sayCutAtHello() (text, hint string) {
	const hungUp = "The connection succeeded, but the server hung up at the ClientHello, as Windows does "
	switch spoken := s.Check.Service.Protocol; {
	case s.asksController():
		text = hungUp + "when a domain controller has no certificate for LDAP over TLS."
	case spoken == "http", spoken == "caldav":
		text = hungUp + "when the binding of the web site has lost its certificate (HTTP.sys)."
	case spoken == "winrm":
		text = hungUp + "when the listener of WinRM has lost its certificate (HTTP.sys)."
	case (spoken == "imap" || spoken == "pop3") && s.has("2013"):
		text = hungUp + "when the service has no usable certificate, or when its proxy component is inactive."
	default:
		text = hungUp + "when the service has no usable certificate."
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
	return fmt.Sprintf(" TLS works at %s of the same server, so no device on the path blocks TLS as such.", listed(ports))
}

// sayCutTalk: it hung up in the conversation, or before it had said anything.
func (s seen) sayCutTalk() (text, hint string) {
	connected := "The connection succeeded, then it was closed before an answer came: "
	if s.Step == protocol.Talk {
		connected = "The conversation began, then the connection was closed in the middle of it: "
	}
	begun := s.Step == protocol.Greet && s.quote() != ""
	if begun {
		connected = "The answer began, then the connection was closed in the middle of it: "
	}
	const onPath = ", or a device on the path resets what it does not allow."
	switch s.Check.Service.Protocol {
	case "smtp":
		return connected + "the service rejects this address or is failing, a load balancer in front of it has no server left" + onPath,
			"Check whether the service accepts this address (" + s.smtpLimits() + "), then its log, then those of the load balancer and the firewall."
	case "http", "caldav":
		text = connected + "the web server or the application pool behind it is failing, or a load balancer has no server to pass the request to" + onPath
		if t := s.tls(); t != nil && t.Version == "TLS 1.3" && !begun {
			text += " Under TLS 1.3, IIS also hangs up when a directory requires a client certificate."
		}
		return text, "Check the application pools in IIS and the logs of HTTP.sys (httperr), then the load balancer's pool and the firewall's log."
	case "imap", "pop3":
		if !s.has("2013") {
			return connected + "the service is stopping or has too many connections" + onPath,
				"Check the service, its log and its connection limits on the server, then the log of the firewall."
		}
		return connected + "the service is stopped, or its proxy component is inactive" + onPath, s.certificateHint()
	case "ldap":
		return connected + "the directory rejects this address or anonymous queries, or is restarting" + onPath,
			"Check the Directory Service log and the IP deny list of the domain controller (ntdsutil, ldap policies), then the firewall's log."
	}
	return connected + "the service rejects this address or is failing" + onPath,
		"Check the service and its log on the server, then the log of the firewall."
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
