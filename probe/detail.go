// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
	"exreach/probe/socket"
)

// detailSize bounds Result.Detail, the one sentence that says what happened, in bytes.
const detailSize = 300

// detail says in one sentence what happened, for Result.Detail.
func (c *conversation) detail(o outcome, res *Result) string {
	switch o.verdict {
	case Answered:
		return bestLine(res) + loggedIn(res)
	case Refused, Prohibited, Unreachable:
		switch words := icmpWords[o.verdict]; {
		case o.saidBy.IsValid():
			return o.saidBy.String() + " sent an ICMP message: " + words
		case o.verdict != Refused:
			return words
		case !c.overTCP():
			return "an ICMP message said: " + words
		}
		return "connection refused (RST)"
	case Silent:
		if heard := res.Silence.Heard; heard > 0 && res.Check.Service.Network == catalog.UDP {
			return catalog.Count(heard, "byte") + " came, but none of them answer the request"
		}
		return res.Silence.detail(res.Step, during(res.Step, res.Check.Service.Protocol))
	case Cut:
		if !c.overTCP() {
			return "an ICMP message said " + during(res.Step, res.Check.Service.Protocol) + ": port unreachable"
		}
		if len(c.steps) == 1 {
			return "the connection was reset as soon as it was open"
		}
		return "connected, but the other side hung up " + during(res.Step, res.Check.Service.Protocol)
	case Untried:
		return c.whyUntried(o, res)
	}
	return c.plain()
}

// whyUntried says why the verdict is Untried.
func (c *conversation) whyUntried(o outcome, res *Result) string {
	switch {
	case errors.Is(c.err, errTurn) && c.source.IsValid():
		return "after it was connected, before its turn to talk"
	case errors.Is(c.err, errTurn):
		return beforeItsTurn
	case o.obstacle == Interrupted && c.tries == 0:
		return beforeItsTurn
	case o.obstacle == Interrupted && c.isUnanswered():
		return during(res.Step, res.Check.Service.Protocol) + ", with no reply yet"
	case o.obstacle == Interrupted:
		return during(res.Step, res.Check.Service.Protocol)
	case o.obstacle.mayPass():
		return "this machine ran out of what it needs to connect: " + c.plain()
	case errors.Is(c.err, socket.ErrFamily):
		return socket.ErrFamily.Error()
	}
	return "could not be asked: " + c.plain()
}

// isUnanswered reports whether the port was asked and nothing came from it, not even that
// it accepts the connection.
func (c *conversation) isUnanswered() bool {
	if c.raw == nil {
		return true
	}
	heard, _ := c.raw.heard()
	return !c.overTCP() && heard == 0
}

// icmpWords holds what the ICMP message said, by the verdict it led to.
var icmpWords = map[Verdict]string{
	Refused:     "port unreachable",
	Prohibited:  "administratively prohibited",
	Unreachable: "the host cannot be reached",
}

// bestLine returns the line that tells most about the peer, in its own words if possible.
func bestLine(res *Result) string {
	p := res.Peer
	if p == nil {
		p = &protocol.Peer{}
	}
	switch rpc := res.Check.Service.RPC; {
	case res.Step == protocol.TLS:
		return "the server wants a client certificate, as it should, and goes no further without one"
	case p.Refusal != "":
		return p.Refusal
	case rpc != nil && p.Facts[protocol.FactInterfaces] != "":
		return "bound " + rpc.Name + "; the server has " + p.Facts[protocol.FactInterfaces]
	case rpc != nil:
		return "bound " + rpc.Name
	}
	return wire.Printable(p.Summary(res.Check.Service.Protocol), detailSize)
}

// loggedIn returns what came of a login that was accepted; "" without one. Logins that
// were not accepted become findings.
func loggedIn(res *Result) string {
	if res.Peer == nil || !res.Peer.Logins.Accepted() {
		return ""
	}
	return " (" + res.Peer.Logins.String() + ")"
}

// plain returns the text of the error, made fit for a terminal: parts of it may come from
// the peer, and the text of a panic may be anything.
func (c *conversation) plain() string {
	return wire.Printable(c.run.mask.Hide(c.err.Error()), detailSize)
}

// beforeItsTurn is the detail of a check that was never begun; see sayEnd.
const beforeItsTurn = "before it was this check's turn"

// sayEnd says in a result that the end of the run cut short what ended it. The detail has
// said only when that was.
func (r *Result) sayEnd(ctx context.Context) {
	switch {
	case r.Obstacle != Interrupted:
	case errors.Is(context.Cause(ctx), ErrDeadline):
		r.Obstacle, r.Detail = Deadline, "the run's deadline came "+r.Detail
	default:
		r.Detail = "interrupted " + r.Detail
	}
}

// noReply says how often the port was tried, and whether the path may be to blame.
func noReply(res Result) string {
	asked := "connection attempt"
	if res.Check.Service.Network == catalog.UDP {
		asked = "request"
	}
	line := fmt.Sprintf("no reply to %s in %s", catalog.Count(res.Tries, asked), catalog.Elapsed(res.Took))
	switch w := res.Witness; {
	case w == nil:
		return line
	case w.Answers:
		return line + fmt.Sprintf(", while port %d answered", w.Port)
	default:
		return line + fmt.Sprintf("; port %d, which had answered, no longer did", w.Port)
	}
}

// silence returns how the peer fell silent; nil where it did not. A peer whose last bytes
// came in the second half of the step is slow; one that had said nothing for longer had
// stopped.
func (c *conversation) silence(v Verdict) *Silence {
	if v != Silent {
		return nil
	}
	total, last := c.hears.heard()
	ever, _ := c.raw.heard()
	took := c.steps[len(c.steps)-1].Took
	s := &Silence{Pace: Never, Heard: total - c.before, Quiet: took, Delivery: c.delivery}
	if s.Heard > 0 {
		s.Quiet = c.since.Add(took).Sub(last)
	}
	switch {
	case s.Heard > 0 && s.Quiet < took/2:
		s.Pace = Slowly
	case ever > 0:
		s.Pace = Stalled
	}
	return s
}

// detail says in one sentence how the peer fell silent. Where nothing came in the step
// of the first answer (Greet), the bytes before it were TLS.
func (s *Silence) detail(step protocol.Step, during string) string {
	switch {
	case s.Heard == 0 && s.Pace == Stalled && step == protocol.Talk:
		return "connected and began the conversation, but then nothing more came"
	case s.Heard == 0 && s.Pace == Stalled && step == protocol.Greet:
		return "connected and completed the TLS handshake, but then nothing came " + during
	case s.Heard == 0 && s.Pace == Stalled:
		return "connected and began the conversation, but then nothing came " + during
	case s.Heard == 0:
		return "connected, but nothing came " + during
	case s.Pace == Slowly:
		return fmt.Sprintf("connected; %s came %s, too slowly to finish in time", catalog.Count(s.Heard, "byte"), during)
	}
	return fmt.Sprintf("connected; %s came %s, and then nothing for %s", catalog.Count(s.Heard, "byte"), during, catalog.Elapsed(s.Quiet))
}

// during says at which point of a check a step is, as people say it: "connected,
// but nothing came in the TLS handshake". spoken is the name of the protocol.
func during(step protocol.Step, spoken string) string {
	switch {
	case step == protocol.Resolve:
		return "while looking up the name"
	case step == protocol.Connect:
		return "while connecting"
	case step == protocol.TLS:
		return "in the TLS handshake"
	case step == protocol.Talk:
		return "in the conversation"
	case protocol.GreetsFirst(spoken):
		return "while exreach waited for its greeting"
	}
	return "while exreach waited for its first answer"
}

// evidenceSize bounds the excerpt of what a peer said (Result.Evidence), in bytes.
const evidenceSize = 160

// evidence returns what the peer said first: on the wire where TLS failed, otherwise in
// the conversation.
func (c *conversation) evidence(v Verdict) string {
	if c.raw == nil {
		return ""
	}
	said := c.words.head()
	switch {
	case v == BadTLS:
		said = c.raw.head()
	case c.secured != nil && isRecord(said): // TLS came first, though the catalogue does not say so
		said = c.hears.head()
	}
	if isRecord(said) && (v == BadTLS || c.step() == protocol.TLS) {
		return "" // a record means nothing to people; Peer.TLSFailure says what it means
	}
	return wire.Printable(c.run.mask.HideCut(string(said)), evidenceSize)
}

// isRecord reports whether bytes are a record of TLS (RFC 8446 section 5.1).
func isRecord(b []byte) bool { return len(b) > 1 && b[0] >= 20 && b[0] <= 23 && b[1] == 3 }
