// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"

	"exreach/catalog"
	"exreach/probe"
)

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

// sayHandshakeHeld: the hello arrived. Services that wait for a key which they cannot
// read, or for a server behind them, hold it.
func (s seen) sayHandshakeHeld() (text, hint string) {
	never := "never answers the ClientHello"
	if heard := s.Silence.Heard; heard > 0 {
		never = fmt.Sprintf("began to answer the ClientHello (%s) and then sent nothing more", probe.Count(heard, "byte"))
	}
	text = fmt.Sprintf("Packets reach %s and are acknowledged, but %s %s: the service hangs or cannot use its certificate, "+
		"or a proxy, load balancer or intrusion prevention system accepted the connection and holds it", s.place(), s.port(), never)
	hint = s.certificateHint() + " If TLS starts on the server itself, look for a device on the path that accepts connections in its place"
	if s.Silence.InSmall {
		return text + ". Lost large packets (path MTU) are unlikely: it did not answer small segments either.", hint + "."
	}
	return text + ", or the large packets of the answer are lost (path MTU).", hint + ", and for a tunnel with a smaller packet size (MTU)."
}

// talksInTheClear reports whether a service answers without TLS, in packets that
// are small.
func talksInTheClear(r probe.Result) bool {
	return r.Verdict == probe.Answered && r.Check.Service.Network == catalog.TCP && r.Check.Service.TLS == catalog.NoTLS && !r.Check.IsControl()
}

// delivery is what this machine's TCP knows of a silence; "" where it does not tell.
func (s seen) delivery() probe.Delivery {
	if s.Silence == nil {
		return ""
	}
	return s.Silence.Delivery
}

// sayDelivery says what this machine's TCP tells of a silence; nothing where it does
// not tell.
func (s seen) sayDelivery() (text, hint string) {
	switch s.delivery() {
	case probe.NotArrived:
		return fmt.Sprintf("The connection to %s succeeded, but what was sent on it was never acknowledged: packets to %s are lost once the connection is open.", s.port(), s.place()),
			fmt.Sprintf("Ask the firewall administrator whether both directions of the connection pass the same firewall (asymmetric routing) "+
				"and whether it drops packets of established connections to %s.", s.place())
	case probe.AnswerLost:
		return fmt.Sprintf("%s of %s answers, but the large packets of its answer are lost: only smaller ones after them arrived (path MTU).", s.port(), s.place()),
			"Look for a tunnel or VPN with a smaller packet size (MTU) and a firewall that drops ICMP \"fragmentation needed\" or \"packet too big\"; " +
				"clamp the MSS there."
	case probe.WindowShut:
		return fmt.Sprintf("%s of %s accepts the connection but no data (its TCP window stays at zero): a firewall or intrusion prevention system acts as a tarpit, "+
				"or the server is out of memory.", s.port(), s.place()),
			"Ask the firewall administrator whether this computer is on a block list; then check the load of the server."
	case probe.Held:
		return fmt.Sprintf("Packets reach %s and are acknowledged, and %s never answers: the service hangs (a frozen process, no free worker), "+
				"or a proxy, load balancer or intrusion prevention system accepted the connection and holds it.", s.place(), s.port()),
			"Check the service and its log on the server and restart it if it hangs; if it answers there, look for a device on the path that accepts connections in its place."
	}
	return "", ""
}
