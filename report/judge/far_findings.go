// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/protocol/wire"
)

// farCodes are the findings that rest on what the far end saw of a result.
var farCodes = []string{"never-arrived", "answer-lost", "bytes-changed", "answered-by-other", "port-held", "far-unknown"}

// WithFar returns the findings of a saved result, and its grade, together with what the far
// end saw of it: for a join with the far end's record. What both ends show explains more than
// one end does, and stands in place of that. The grade is never better than before.
func WithFar(r probe.Result, grade Grade, was []Finding) ([]Finding, Grade) {
	s := seen{Result: r, want: r.Check.Want, grade: grade}
	applies := func(r rule) bool { return slices.Contains(farCodes, r.code) && r.when(s) }
	found := func(r rule, weight Grade) Finding {
		text, hint := r.say(s)
		return newFinding(r.code, text, hint, weight, OnGrade)
	}
	if i := slices.IndexFunc(explanations, applies); i >= 0 && grade != Pass {
		if len(was) > 0 && was[0].WeighsOn == OnGrade && was[0].Weight == grade && known(explanations, was[0].Code) {
			was = was[1:]
		}
		return append([]Finding{found(explanations[i], grade)}, was...), grade
	}
	if i := slices.IndexFunc(observations, applies); i >= 0 {
		return append([]Finding{found(observations[i], observations[i].weight)}, was...), worse(grade, observations[i].weight)
	}
	return was, grade
}

// sight returns what the far end saw; it is zero if no far end told.
func (s seen) sight() far.Sight { return valueOf(s.Far) }

// went returns the condition that both ends show this direction for a service that is wanted.
func went(d far.Direction) func(seen) bool {
	return func(s seen) bool { return s.wanted() && s.sight().Direction == d }
}

// notServed: the listener could not serve the port, or turned us away. That alone may be why
// nothing answers.
func notServed(s seen) bool {
	return farUnknown(s) && s.Verdict != probe.Answered && slices.Contains([]far.Reason{far.NotOpen, far.TurnedAway}, s.sight().Why)
}

func farUnknown(s seen) bool { return went(far.NoDirection)(s) && !held(s) }

// held: another program has the port at the far end, and answered.
func held(s seen) bool {
	return s.wanted() && s.sight().Holder != "" && s.Verdict == probe.Answered && s.sight().Direction != far.AnsweredByOther
}

// link is both ends and the port between them: "TCP 443 from 10.77.1.2 to 10.77.3.10".
func (s seen) link() string {
	from := "this computer"
	if s.Source.IsValid() {
		from = s.Source.String()
	}
	return fmt.Sprintf("%s from %s to %s", s.port(), from, s.target())
}

// nat says that the far end sees another source than this machine has, because a rule must
// name the one that it sees; "" if it does not.
func (s seen) nat() string {
	for _, c := range s.sight().Came {
		if c.From.IsValid() && s.Source.IsValid() && c.From.Addr().Unmap() != s.Source.Unmap().WithZone("") {
			return fmt.Sprintf(" It arrived there from %s: an address translation (NAT) or a proxy is on the path.", c.From.Addr())
		}
	}
	return ""
}

func sayNeverArrived(s seen) (text, hint string) {
	sight := s.sight()
	switch {
	case sight.Why == far.AtTheHost && sight.Dropped > 0:
		return fmt.Sprintf("%s did not reach the listener; %s reached its host meanwhile, and no program saw them: its own firewall may have dropped them.", s.link(), catalog.Count(sight.Dropped, "packet")),
			fmt.Sprintf("Allow %s in the firewall of %s itself: exreach listen prints the exact line.", s.port(), s.target())
	case sight.Why == far.AtTheHost:
		return fmt.Sprintf("%s did not reach the listener: the own firewall of its host may have dropped it.", s.link()),
			fmt.Sprintf("Allow %s in the firewall of %s itself: exreach listen prints the exact line.", s.port(), s.target())
	}
	if s.SaidBy.IsValid() && s.SaidBy == s.Address {
		return fmt.Sprintf("%s did not reach the listener: its host itself rejects it.", s.link()),
			fmt.Sprintf("Allow %s in the firewall of %s itself: exreach listen prints the exact line.", s.port(), s.target())
	}
	text = fmt.Sprintf("%s never arrived: the listener there saw nothing of it.", s.link())
	if sight.Why == far.BeforeHost {
		text = fmt.Sprintf("%s never arrived: the listener there saw nothing of it, and its host dropped no packet meanwhile. It is blocked on the way there.", s.link())
	}
	return text, s.ask(firewallAdmin)
}

func sayAnswerLost(s seen) (text, hint string) {
	text = fmt.Sprintf("%s arrived%s, and the answer never came back.%s", s.link(), s.arrivals(), s.nat())
	if s.sight().Why == far.LargeOnly {
		return text + " Small packets of it came and large ones did not: the MTU of the path.",
			fmt.Sprintf(`Ask %s to let ICMP "fragmentation needed" and "packet too big" through from the path to %s, or to lower the MSS on the tunnel.`, firewallAdmin, s.target())
	}
	return text, fmt.Sprintf("Ask %s to let the answers through from %s back to %s: one firewall must see both directions of a connection (no asymmetric routing), and pass the packets of those that it has allowed.",
		firewallAdmin, s.target(), s.source())
}

// source is the address of this machine, if it is known.
func (s seen) source() string {
	if s.Source.IsValid() {
		return s.Source.String()
	}
	return "this computer"
}

// arrivals says what arrived, in a clause: " (half-open: only its SYN)".
func (s seen) arrivals() string {
	came := s.sight().Came
	if len(came) == 0 {
		return ""
	}
	halfOpen, received, sent := 0, int64(0), int64(0)
	for _, c := range came {
		if c.HalfOpen {
			halfOpen++
		}
		received, sent = received+c.Received.Bytes, sent+c.Sent.Bytes
	}
	switch {
	case halfOpen == len(came):
		return " (half-open: its SYN, and nothing after it)"
	case sent > 0:
		return fmt.Sprintf(" (%s received there, %s sent back)", bytesText(received), bytesText(sent))
	}
	return fmt.Sprintf(" (%s received there)", bytesText(received))
}

func bytesText(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

func sayChanged(s seen) (text, hint string) {
	sight := s.sight()
	exempt := fmt.Sprintf("Ask %s to exempt %s from inspection.", firewallAdmin, s.link())
	switch sight.Why {
	case far.CertificateChanged:
		return fmt.Sprintf("%s: the certificate that came is not the one that the listener showed. A device on the path opens TLS.", s.link()) + s.bothQuoted() + s.rule(),
			fmt.Sprintf("Ask %s to exempt %s from TLS inspection.", firewallAdmin, s.link())
	case far.StartTLSGone:
		return fmt.Sprintf("%s: the listener offered STARTTLS, and the offer did not come: a device on the path takes it out, so mail passes in the clear.", s.link()) + s.rule(), exempt
	case far.ByProxy:
		return fmt.Sprintf("%s did not arrive as it was sent.%s", s.link(), s.nat()) + s.bothQuoted() + s.rule(),
			fmt.Sprintf("Ask %s to let %s pass without the proxy.", firewallAdmin, s.link())
	}
	way := "came back from there"
	if sight.Going {
		way = "arrived there"
	}
	return fmt.Sprintf("%s is changed on the way: other bytes %s than were sent.", s.link(), way) + s.bothQuoted() + s.rule(), exempt
}

// bothQuoted quotes what was sent and what came; "" if that is not known.
func (s seen) bothQuoted() string {
	const most = 160 // of each, in bytes
	sight := s.sight()
	if sight.Was == "" && sight.Is == "" {
		return ""
	}
	quoted := func(words string) string {
		if words == "" {
			return "nothing"
		}
		return fmt.Sprintf("%q", wire.Printable(words, most))
	}
	return fmt.Sprintf(" Sent (from byte %d): %s; came: %s.", sight.At, quoted(sight.Was), quoted(sight.Is))
}

// rule is what Microsoft says of devices between Exchange servers; "" if another asks.
func (s seen) rule() string {
	if !s.amongServers() || !s.exchange() {
		return ""
	}
	return ` Between Exchange servers, Microsoft supports only devices that "never alter bits on the wire".`
}

func sayAnsweredByOther(s seen) (text, hint string) {
	return fmt.Sprintf("Something answered here for %s, and the listener there knows nothing of it: another host or device answers in its place.", s.link()) + s.quote(),
		fmt.Sprintf("Ask %s what answers for %s: a transparent proxy, an address translation (NAT) that leads to another host, or a second host with that address.", firewallAdmin, s.target())
}

func sayHeld(s seen) (text, hint string) {
	return fmt.Sprintf("%s is reached, and %s answers there, not the listener: it has the port.", s.port(), holderText(s.sight())),
		"Nothing to do for the path. Before the installation, find out whether Exchange needs the port for itself."
}

// holderText names the program that has a port at the far end, as a text that is no command.
func holderText(sight far.Sight) string {
	const most = 80
	return wire.Printable(cmp.Or(sight.Holder, "another program"), most)
}

// reasonTexts says why the direction is not known, after the port.
var reasonTexts = map[far.Reason]struct{ text, hint string }{
	far.NotOpen:      {"The listener does not have %s open, so nothing is known of what arrives there.", "Read at the far end why the port is not open, and start exreach listen again with the role that needs it."},
	far.OtherProgram: {"At the far end, another program has %s, and its system does not tell what arrived there.", "Check the port again when that program answers, or stop it while exreach listen runs."},
	far.TooMany:      {"The listener recorded more than it keeps, so what arrived at %s is not known.", "Check fewer ports at a time (--only), with a listener that was started afresh."},
	far.ClocksApart:  {"The clocks of both ends differ, so it is not certain what belongs to the check of %s.", "Set the clocks of both machines (Exchange needs that too), and check again."},
	far.NoRecord:     {"The far end gave no record, so nothing is known of what arrived at %s.", "Save the record of the listener (exreach listen --format json --output FILE), and join it: exreach report --join NEAR FAR."},
	far.TurnedAway:   {"What came to %s was turned away by the listener: this machine is not on its allow list, or it asked too much at a time.", "Start exreach listen with --allow and the network of this machine, or check with --gentle."},
}

func sayFarUnknown(s seen) (text, hint string) {
	told, known := reasonTexts[s.sight().Why]
	if !known {
		told.text, told.hint = "Nothing is known of what arrived at %s.", "Check again, while the listener runs."
	}
	text = fmt.Sprintf(told.text, s.port())
	if extra := strings.TrimSpace(s.sight().Note); extra != "" {
		const most = 300
		text += " " + sentence(wire.Printable(extra, most))
	}
	return text, told.hint
}

// isStandIn reports whether the answer bears the mark of a stand-in of exreach.
func (s seen) isStandIn() bool { return s.peer().StandIn }

// standsIn: the first answer of the address that bears the mark.
func standsIn(s seen) bool {
	first := s.here().standIn
	return first != nil && s.isStandIn() && keyOf(first) == keyOf(&s.Result)
}

func sayStandsIn(seen) (text, hint string) {
	return "The answers come from a stand-in of exreach (exreach listen), not from Exchange: they prove that the ports can be reached and that bytes pass, and nothing about Exchange.",
		"After the installation, check again without the stand-in."
}

// ofExchange are the cares that make sense for a real server only: the certificate of a
// stand-in is not to be trusted, and its products and versions are what it was told. Each of
// them warns, as the finding stand-in does in their place.
var ofExchange = []string{
	"certificate-name-mismatch", "certificate-common-name-only", "certificate-self-signed", "certificate-untrusted", "certificate-other-issuer",
	"smtp-iis", "smtp-other-product", "pop3-other-product", "imap-other-product", "version-differs",
}

// concerns reports whether a care makes sense for the row. A mark alone, without a contact,
// leaves nothing out.
func (s seen) concerns(r careRule) bool {
	return !s.isStandIn() || s.Far == nil || r.weight != Warn || !slices.Contains(ofExchange, r.code)
}
