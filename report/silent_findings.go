// SPDX-License-Identifier: Apache-2.0

package report

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
		return "Datagrams came back, and none of them answers what was asked: something on the path, or another program at the port, answers for the service." + s.quote(),
			"See on the server which program listens (netstat -abno), then look for a firewall or proxy in between that answers in its place."
	}
	switch s.pace() {
	case probe.Slowly:
		return fmt.Sprintf("The connection succeeded, but the answer came too slowly: %s in %s, and incomplete. "+
				"A tarpit slows down clients that it does not trust, or the server is overloaded.", probe.Count(s.Silence.Heard, "byte"), probe.Elapsed(s.stepTook())),
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

// saySilentAfterTLS: all that came was the handshake.
func (s seen) saySilentAfterTLS() (text, hint string) {
	if s.greetsFirst() {
		return "The connection and the TLS handshake succeeded, then no greeting came in time: the service hangs or delays it, or a proxy or load balancer that terminates TLS gets no answer from it.",
			s.moreTime() + " Check the service and its log on the server, then the proxy or load balancer that terminates TLS, if there is one."
	}
	return "The connection and the TLS handshake succeeded, then the request got no answer in time: the service hangs, or a proxy or load balancer that terminates TLS is waiting for a server behind it.",
		s.moreTime() + " Check the service and its log on the server (for HTTP, the application pool), then the proxy or load balancer, if there is one."
}

// greetsFirst reports whether a greeting was waited for.
func (s seen) greetsFirst() bool {
	return s.Step == protocol.Greet && protocol.GreetsFirst(s.Check.Service.Protocol)
}

// mayComeYet reports whether the way is clear as far as TCP can tell, and what is
// waited for is something that servers are known to take their time for.
func (s seen) mayComeYet() bool {
	return s.delivery() == probe.Held && (s.pace() == probe.Stalled || s.greetsFirst())
}

// stepTook is how long the last step took.
func (s seen) stepTook() time.Duration {
	if len(s.Steps) == 0 {
		return s.Took
	}
	return s.Steps[len(s.Steps)-1].Took
}

// longEnough is more than servers that hold a greeting back make anybody wait
// for it, but for the few that want to be rid of a caller.
const longEnough = time.Minute

// moreTime is the advice to wait longer: with the option that ended the wait, and
// longer than it was.
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
