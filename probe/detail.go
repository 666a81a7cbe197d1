// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"errors"
	"fmt"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// detailSize bounds the one sentence that says what happened.
const detailSize = 300

// detail says in one sentence what happened.
func (a *attempt) detail(o outcome, res *Result) string {
	switch o.verdict {
	case Answered:
		return answered(res) + loggedIn(res)
	case Refused, Prohibited, Unreachable:
		if o.saidBy.IsValid() {
			return fmt.Sprintf("%s sent an ICMP message: %s", o.saidBy, icmpWords[o.verdict])
		}
		if o.verdict == Refused && res.Check.Service.Network == catalog.UDP {
			return "an ICMP message said: port unreachable"
		}
		return refusalWords[o.verdict]
	case Silent:
		if heard := res.Silence.Heard; heard > 0 && res.Check.Service.Network == catalog.UDP {
			return count(heard) + " came, and nothing of it answers what was asked"
		}
		return res.Silence.detail(res.Step, during(res.Step, res.Check.Service.Protocol))
	case Cut:
		if len(a.steps) == 1 {
			return "the connection was reset as it came about"
		}
		return "connected, but the other side hung up " + during(res.Step, res.Check.Service.Protocol)
	case Untried:
		return a.untried(o, res)
	}
	return a.plain()
}

// untried says why nothing is known.
func (a *attempt) untried(o outcome, res *Result) string {
	switch {
	case errors.Is(a.err, errTurn):
		return noTurn
	case o.obstacle == Interrupted:
		return "interrupted " + during(res.Step, res.Check.Service.Protocol)
	case o.obstacle.mayPass():
		return "this machine had nothing left to connect with: " + a.plain()
	case errors.Is(a.err, errFamily):
		return errFamily.Error()
	}
	return "could not be asked: " + a.plain()
}

// icmpWords and refusalWords say what the verdicts mean with and without an
// ICMP message behind them.
var (
	icmpWords = map[Verdict]string{
		Refused:     "port unreachable",
		Prohibited:  "administratively prohibited",
		Unreachable: "no way to the host",
	}
	refusalWords = map[Verdict]string{
		Refused:     "connection refused (RST)",
		Prohibited:  "administratively prohibited",
		Unreachable: "no way to the host",
	}
)

// answered is the best line that the peer gave of itself.
func answered(res *Result) string {
	p := res.Peer
	if p == nil {
		p = &protocol.Peer{}
	}
	switch rpc := res.Check.Service.RPC; {
	case res.Step == protocol.TLS:
		return "the server wants a client certificate, as it should: nobody gets further without one"
	case p.Refusal != "":
		return p.Refusal
	case p.Greeting != "":
		return p.Greeting
	case p.Facts[protocol.FactProduct] != "":
		return p.Facts[protocol.FactProduct]
	case p.Facts[protocol.FactKind] != "":
		return strings.TrimSpace(p.Facts[protocol.FactKind] + " " + p.Facts[protocol.FactDNSHostName])
	case p.Facts[protocol.FactRCode] != "" && p.Facts[protocol.FactRCode] != "NOERROR":
		return p.Facts[protocol.FactQuestion] + ": " + p.Facts[protocol.FactRCode]
	case rpc != nil && p.Facts[protocol.FactInterfaces] != "":
		return "bound " + rpc.Name + "; the server has " + p.Facts[protocol.FactInterfaces]
	case rpc != nil:
		return "bound " + rpc.Name
	case res.Check.Service.Protocol == "rpc":
		return mapped(p)
	case res.Check.Service.Protocol == "tcp":
		return "connected; nothing more was asked"
	}
	return "spoke " + res.Check.Service.Protocol
}

// loggedIn is what came of a login, where one was accepted. A finding tells of
// the others.
func loggedIn(res *Result) string {
	if res.Peer == nil || !res.Peer.Logins.Accepted() {
		return ""
	}
	return " (" + res.Peer.Logins.String() + ")"
}

// mapped is an endpoint map in one line: how large it is, and who listens where.
func mapped(p *protocol.Peer) string {
	type binding struct {
		sequence, address string
		port              uint16
	}
	bindings := map[binding]bool{}
	for _, e := range p.Endpoints {
		bindings[binding{e.Sequence, e.Address, e.Port}] = true
	}
	line := fmt.Sprintf("%s entries, %d endpoints", p.Facts[protocol.FactEntries], len(bindings))
	for _, of := range []struct{ fact, before string }{{protocol.FactTCPEndpoints, ": "}, {protocol.FactUnknown, "; also "}} {
		if list := p.Facts[of.fact]; list != "" {
			line += of.before + list
		}
	}
	return protocol.Printable(line, detailSize)
}

// plain makes the text of the error fit for a terminal: parts of it may be the
// peer's, and what a panic says may be anything.
func (a *attempt) plain() string {
	return protocol.Printable(a.mask.Hide(a.err.Error()), detailSize)
}

// noTurn is the detail of a check that was never begun.
const noTurn = "interrupted before it was this check's turn"

// noReply says how hard it was tried, and whether the path can be to blame.
func noReply(res Result) string {
	asked := "connects"
	if res.Check.Service.Network == catalog.UDP {
		asked = "datagrams"
	}
	line := fmt.Sprintf("no reply to %d %s in %s", res.Tries, asked, Elapsed(res.Took))
	switch w := res.Witness; {
	case w == nil:
		return line
	case w.Answers:
		return line + fmt.Sprintf(", while port %d answered", w.Port)
	default:
		return line + fmt.Sprintf("; port %d, which had answered, no longer did", w.Port)
	}
}
