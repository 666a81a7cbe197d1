// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// pace is how the peer fell silent.
func (s seen) pace() probe.Pace {
	if s.Silence == nil {
		return probe.Never
	}
	return s.Silence.Pace
}

func saySilent(s seen) (text, hint string) {
	if text, hint := s.sayDelivery(); text != "" && s.pace() != probe.Slowly && !s.mayComeYet() {
		return text, hint
	}
	if s.Check.Service.Network == catalog.UDP && s.pace() != probe.Never {
		return "Datagrams came back, but none of them answers the request: something on the path, or another program at the port, answers in place of the service." + s.quote(),
			fmt.Sprintf("Check %s, then look for a firewall or proxy on the path that answers in its place.", s.listener())
	}
	switch s.pace() {
	case probe.Slowly:
		return fmt.Sprintf("The connection succeeded, but the answer came too slowly: %s in %s, and incomplete. "+
				"A tarpit slows down clients that it does not trust, or the server is overloaded.", catalog.Count(s.Silence.Heard, "byte"), catalog.Elapsed(s.stepTook())),
			s.moreTime() + " If it still does not finish, check whether the server or a filter in front of it slows this address down on purpose."
	case probe.Stalled:
		if s.Step == protocol.Greet && s.Silence.Heard == 0 {
			return s.saySilentAfterTLS()
		}
		return "The connection succeeded and the conversation began, then nothing more came in time: the service hangs, " +
				"or a device on the path lets only part of the conversation through." + s.quote(),
			s.moreTime() + " Check the service and its log on the server, then look for a device on the path that inspects the conversation."
	}
	text = "The connection succeeded, then nothing came in time (nmap and PortQry would call this port open): the service hangs or delays its answer, " +
		"or a load balancer or SYN proxy accepted the connection in its place."
	if s.greetsFirst() && s.Check.Service.Protocol == "smtp" {
		text += " Servers may delay the greeting to expose senders of spam: RFC 5321 lets a client wait five minutes for it."
	}
	return text, s.moreTime() + " Check the service and its log on the server, then look for a device on the path that accepts connections in its place."
}

// saySilentAfterTLS is for a peer that said nothing after the TLS handshake.
func (s seen) saySilentAfterTLS() (text, hint string) {
	if s.greetsFirst() {
		return "The connection and the TLS handshake succeeded, then no greeting came in time: the service hangs or delays it, or a proxy or load balancer that terminates TLS gets no answer from it.",
			s.moreTime() + " Check the service and its log on the server, then the proxy or load balancer that terminates TLS, if there is one."
	}
	return "The connection and the TLS handshake succeeded, then the request got no answer in time: the service hangs, or a proxy or load balancer that terminates TLS is waiting for a server behind it.",
		s.moreTime() + " Check the service and its log on the server (for HTTP, the application pool), then the proxy or load balancer, if there is one."
}

// greetsFirst reports whether exreach was waiting for the server's greeting.
func (s seen) greetsFirst() bool {
	return s.Step == protocol.Greet && protocol.GreetsFirst(s.Check.Service.Protocol)
}

// mayComeYet reports whether the answer may only be late: as far as TCP can tell, packets
// get through both ways, and servers are known to take their time over what is missing.
func (s seen) mayComeYet() bool {
	return s.delivery() == probe.Held && (s.pace() == probe.Stalled || s.greetsFirst())
}

// stepTook is how long the last step took, or the whole check if its steps are not known.
func (s seen) stepTook() time.Duration {
	if len(s.Steps) == 0 {
		return s.Took
	}
	return s.Steps[len(s.Steps)-1].Took
}

// longEnough is longer than servers hold a greeting back, but for the few that want to get
// rid of a caller.
const longEnough = time.Minute

// moreTime advises to wait longer. It names the option that ended the wait, and a time at
// least twice as long as the check took.
func (s seen) moreTime() string {
	option := "--timeout"
	if s.Check.Service.Network == catalog.UDP {
		option = "--connect-timeout"
	}
	wait := longEnough
	for wait < 2*s.Took {
		wait *= 2
	}
	return fmt.Sprintf("Run again with %s %.0fs to give it more time.", option, wait.Seconds())
}

// sayHandshakeStalls says why the client's hello got no answer.
func sayHandshakeStalls(s seen) (text, hint string) {
	if s.delivery() == probe.Held {
		return s.sayHandshakeHeld()
	}
	if text, hint := s.sayDelivery(); text != "" {
		return text, hint
	}
	text = fmt.Sprintf("The connection succeeded, but the TLS handshake got no answer in time: %s.", s.stalled())
	if s.here().inTheClear {
		return text, "Other ports of the server answer in the clear, in small packets: look for a tunnel with a smaller packet size (MTU) and a firewall that drops ICMP \"too big\"; " +
			"then at this service and its certificate, and at a device that inspects TLS."
	}
	return text, s.certificateHint() + " Then look for a load balancer, proxy or tunnel on the path."
}

// sayHandshakeHeld is for a hello that arrived. A service that waits for a key which it
// cannot read, or for a server behind it, acknowledges the hello and does not answer it.
func (s seen) sayHandshakeHeld() (text, hint string) {
	never := "never answers the ClientHello"
	if heard := s.Silence.Heard; heard > 0 {
		never = fmt.Sprintf("began to answer the ClientHello (%s) and then sent nothing more", catalog.Count(heard, "byte"))
	}
	text = fmt.Sprintf("Packets reach %s and are acknowledged, but %s %s: the service hangs or cannot use its certificate, "+
		"or a proxy, load balancer or intrusion prevention system accepted the connection and holds it", s.target(), s.port(), never)
	hint = s.certificateHint() + " If TLS starts on the server itself, look for a device on the path that accepts connections in its place"
	if s.Silence.InSmall {
		return text + ". Lost large packets (path MTU) are unlikely: it did not answer small segments either.", hint + "."
	}
	return text + ", or the large packets of the answer are lost (path MTU).", hint + ", and for a tunnel with a smaller packet size (MTU)."
}

// talksInTheClear reports whether a service answers without TLS; its packets are small.
func talksInTheClear(r probe.Result) bool {
	return r.Verdict == probe.Answered && r.Check.Service.Network == catalog.TCP && r.Check.Service.TLS == catalog.NoTLS && !r.Check.IsControl()
}

// delivery is what this machine's TCP knows of a silence; "" if it knows nothing.
func (s seen) delivery() probe.Delivery { return valueOf(s.Silence).Delivery }

// sayDelivery says what this machine's TCP knows of a silence. Both texts are "" if it
// knows nothing.
func (s seen) sayDelivery() (text, hint string) {
	switch s.delivery() {
	case probe.NotArrived:
		return fmt.Sprintf("The connection to %s succeeded, but what was sent on it was never acknowledged: packets to %s are lost once the connection is open.", s.port(), s.target()),
			s.inquire(fmt.Sprintf("whether both directions of the connection pass the same firewall (asymmetric routing) "+
				"and whether it drops packets of established connections %s to %s.", s.from(), s.target()))
	case probe.AnswerLost:
		return fmt.Sprintf("%s of %s answers, but the large packets of its answer are lost, while small ones arrive (path MTU).", s.port(), s.target()),
			"Look for a tunnel or VPN with a smaller packet size (MTU) and a firewall that drops ICMP \"fragmentation needed\" or \"packet too big\"; " +
				"clamp the MSS there."
	case probe.WindowShut:
		return fmt.Sprintf("%s of %s accepts the connection but no data (its TCP window stays at zero): a firewall or intrusion prevention system acts as a tarpit, "+
				"or the server is out of memory.", s.port(), s.target()),
			s.inquire("whether this computer is on a block list; then check the load of the server.")
	case probe.Held:
		return fmt.Sprintf("Packets reach %s and are acknowledged, but %s never answers: the service hangs (a frozen process, no free worker), "+
				"or a proxy, load balancer or intrusion prevention system accepted the connection and holds it.", s.target(), s.port()),
			"Check the service and its log on the server and restart it if it hangs; if it answers there, look for a device on the path that accepts connections in its place."
	}
	return "", ""
}

// sayCut goes by the step at which the peer hung up, which says most about the reason.
func sayCut(s seen) (text, hint string) {
	switch service := s.Check.Service; {
	case service.Network == catalog.UDP:
		return "An answer began, then an ICMP message said that the port is closed: the service is stopping, or a firewall rejects what it does not allow.",
			"Check the service and its log on the server, then the log of the firewall."
	case s.Step == protocol.Connect:
		return "The connection was reset as soon as it was established: the service is overloaded or stopping, or a firewall resets what it does not allow.",
			"Check the service and its log on the server, then the log of the firewall."
	case s.Step == protocol.TLS && service.TLS.First():
		return s.sayCutAtHello()
	case s.Step == protocol.TLS:
		text = "The server agreed to start TLS and hung up at the ClientHello: most likely the service has no usable certificate, or no TLS version or cipher in common with exreach."
		return text + s.tlsElsewhere(), s.certificateHint()
	}
	return s.sayCutTalk()
}

// sayCutAtHello: Schannel, HTTP.sys and the services that use them do not say what they
// lack; they hang up.
func (s seen) sayCutAtHello() (text, hint string) {
	const hungUp = "The connection succeeded, but the server hung up at the ClientHello, as Windows does "
	switch spoken := s.Check.Service.Protocol; {
	case s.asksController():
		text = hungUp + "when a domain controller has no certificate for LDAP over TLS."
	case spoken == "http", spoken == "caldav":
		text = hungUp + "when the binding of the web site has lost its certificate (HTTP.sys)."
	case spoken == "winrm":
		text = hungUp + "when the listener of WinRM has lost its certificate (HTTP.sys)."
	case (spoken == "imap" || spoken == "pop3") && s.atLeast("2013"):
		text = hungUp + "when the service has no usable certificate, or when its proxy component is inactive."
	default:
		text = hungUp + "when the service has no usable certificate."
	}
	return text + " Having no cipher or TLS version in common looks the same." + s.tlsElsewhere(), s.certificateHint()
}

// tlsElsewhere names the other ports of the address at which TLS works, because then the
// way is clear for it. It is "" if there are none.
func (s seen) tlsElsewhere() string {
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

// sayCutTalk is for a peer that hung up in the conversation, or before its first word.
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
		if !s.atLeast("2013") {
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
	case s.atLeast("2007"):
		return "receive connector ranges, connections per source"
	case s.atLeast("2000"):
		return "Exchange System Manager, the SMTP virtual server, Access and General"
	case s.exchange():
		return "Exchange Administrator, Internet Mail Service, Connections"
	}
	return "its lists of addresses, connections per source"
}

// emptyUnanswered: a UDP port of which nothing is known did not answer an empty datagram.
func emptyUnanswered(s seen) bool {
	return s.Verdict == probe.TimedOut && s.Check.Service.Network == catalog.UDP && s.Check.Service.Protocol == catalog.AnyProtocol
}

func sayEmptyUnanswered(s seen) (text, hint string) {
	hint = "Ask the service with a client of its own. "
	if s.isOwn() {
		hint += "Check that it is listening: " + onThis("{listening}") + "."
	} else {
		hint += "Check on the server that it is listening (netstat -ano); if it is, " + lower(s.ask(firewallAdmin))
	}
	return fmt.Sprintf("exreach does not know what %s speaks and can only send it datagrams without content, which most services do not answer: "+
		"the port is open or filtered (LISTENING or FILTERED in PortQry's words, open|filtered in nmap's).", s.port()), hint
}

// hostSent reports whether a result shows that the host is up.
func hostSent(r probe.Result) bool {
	return HostSent(r.Verdict, r.Witness != nil, r.SaidBy, r.Address)
}

// HostSent reports whether a verdict at an address shows that the host itself sent
// something: an answer, or a refusal that no device on the path claims. saidBy is zero where
// none does. A port that times out has a witness if another one sent something.
func HostSent[Address comparable](v probe.Verdict, hasWitness bool, saidBy, address Address) bool {
	var nobody Address
	switch v {
	case probe.Unresolved, probe.Untried:
		return false
	case probe.TimedOut, probe.Prohibited, probe.Unreachable:
		return hasWitness || saidBy != nobody && saidBy == address
	}
	return saidBy == nobody || saidBy == address
}
