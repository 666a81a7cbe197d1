// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"

	"exreach/catalog"
	"exreach/probe"
)

// crowdedOut: it answered, but not while other connections to the host were open.
func crowdedOut(s seen) bool { return s.Crowded != nil && !stillCrowdedOut(s) }

// crowdedWords is what a port did beside other connections.
var crowdedWords = map[probe.Verdict]string{
	probe.Refused:     "was refused",
	probe.Prohibited:  "was prohibited",
	probe.Unreachable: "was reported unreachable",
	probe.TimedOut:    "did not reply",
	probe.Cut:         "was disconnected",
	probe.Answered:    "was turned away",
}

const limitsConnections = "the server, or a firewall in front of it, limits the connections of one source"

func sayCrowdedOut(s seen) (text, hint string) {
	return fmt.Sprintf("%s %s while exreach had up to %s to %s open, and answered when it was asked again alone: %s.",
			s.port(), crowdedWords[s.Crowded.Verdict], catalog.Count(s.Crowded.Open, "connection"), s.place(), limitsConnections),
		"The port answers by itself. Users behind one address (NAT, a proxy) share such a limit: ask the administrator for its value. " +
			"--per-host 2 or --gentle keeps exreach below it."
}

// stillCrowdedOut: it was turned away to the end, and other checks of the same port
// were not; or every port of the host was in the end.
func stillCrowdedOut(s seen) bool {
	return s.Crowded != nil && slices.Contains([]probe.Verdict{probe.Cut, probe.Refused, probe.Prohibited, probe.Unreachable}, s.Verdict)
}

func sayStillCrowdedOut(s seen) (text, hint string) {
	if s.Verdict != probe.Cut {
		return fmt.Sprintf("%s of %s %s, and so was a port that had accepted connections of this run: a firewall blocks this computer after many connections in a short time, "+
				"or the server stopped in the meantime. Whether this port is open is not known.", s.port(), s.place(), crowdedWords[s.Crowded.Verdict]),
			"Wait until the block ends, then check again with --gentle, which opens one connection at a time."
	}
	return fmt.Sprintf("%s of %s answered other checks of this run, and then %s: %s, or the service stopped in the meantime. Whether this part of it works is not known.",
			s.port(), s.place(), crowdedWords[s.Crowded.Verdict], limitsConnections),
		"Check again with --gentle, which opens one connection at a time."
}

// likelyProhibited: it timed out, and a router or firewall forbids other ports of the
// address.
// Senders of ICMP limit themselves to a few messages a second (RFC 1812 section 4.3.2.8; Linux'
// icmp_ratelimit, Cisco's "ip icmp rate-limit unreachable") and drop the rest.
func likelyProhibited(s seen) bool {
	return s.Verdict == probe.TimedOut && !fellSilent(s.Result) && s.here().forbids != nil
}

// forbids reports whether a firewall or router said no to a connect, and not a port
// that is closed.
func forbids(r probe.Result) bool {
	return r.Verdict == probe.Prohibited || r.Verdict == probe.Refused && r.SaidBy.IsValid() && r.SaidBy != r.Address
}

func sayLikelyProhibited(s seen) (text, hint string) {
	other := seen{Result: *s.here().forbids}
	who, whom := "A firewall or router", firewallAdmin
	switch {
	case other.said():
		who, whom = other.SaidBy.String(), "the administrator of "+other.SaidBy.String()
	case other.SaidBy.IsValid():
		who, whom = "The firewall of "+s.place()+" itself", "the administrator of the server's own firewall"
	}
	return fmt.Sprintf("No reply to %s over %s. %s forbids other ports of %s (%s): it probably forbids this one too, but sends only a few ICMP messages a second.",
			s.tries(), catalog.Elapsed(s.Took), who, s.place(), other.port()),
		s.ask(whom)
}

// lives reports whether something at the address answers while this does not.
func (s seen) lives() bool {
	return s.Witness != nil && s.Witness.Answers || s.here().lives
}

// meanwhile names a port that answers at the same address.
func (s seen) meanwhile() string {
	if s.Witness != nil && s.Witness.Answers {
		return fmt.Sprintf(", while TCP %d of %s answered", s.Witness.Port, s.place())
	}
	return fmt.Sprintf(", while other ports of %s answered", s.place())
}

// saysNothing: it connected and proved nothing, as an unused port did as well.
func saysNothing(s seen) bool {
	return !s.Check.IsControl() && connectedOnly(s.Result) && s.everything()
}

// connectedOnly reports whether a connect came about and what came then is no proof.
func connectedOnly(r probe.Result) bool {
	switch r.Verdict {
	case probe.Answered:
		return r.Check.Service.IsBare()
	case probe.Silent, probe.Mismatch, probe.Cut, probe.BadTLS:
		return true
	}
	return false
}

func saySaysNothing(s seen) (text, hint string) {
	return fmt.Sprintf("It accepted the connection but did not answer as it should (%s), and an unused port here accepts connections too: something on the path answers in place of %s. "+
			"Intrusion prevention systems start to do so when a source has opened many connections.", s.Verdict, s.place()),
		fmt.Sprintf("Ask the firewall administrator whether it answers in place of %s or has blocked this computer; then check again with --gentle.", s.place())
}

// undecided reports whether nothing is known of a service although something was
// observed: a limit of connections turned it away, or a device answers in its place
// at an address where others were proven before it began to.
func (s seen) undecided() bool {
	return stillCrowdedOut(s) || saysNothing(s) && s.here().proven
}

// proven reports whether a service spoke its own protocol.
func proven(r probe.Result) bool {
	return r.Verdict == probe.Answered && !r.Check.Service.IsBare() && !r.Check.IsControl() && r.Check.Service.Network == catalog.TCP
}
