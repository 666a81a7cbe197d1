// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"exreach/probe/protocol"
)

// detailSize bounds the one sentence that says what happened.
const detailSize = 300

// detail says in one sentence what happened.
func (a *attempt) detail(o outcome, res *Result) string {
	switch o.verdict {
	case Answered:
		return answered(res)
	case Refused, Prohibited, Unreachable:
		if o.saidBy.IsValid() {
			return fmt.Sprintf("%s sent an ICMP message: %s", o.saidBy, icmpWords[o.verdict])
		}
		return refusalWords[o.verdict]
	case Silent:
		return fmt.Sprintf("connected, but nothing came in the step %q", res.Step)
	case Cut:
		if len(a.steps) == 1 {
			return "the connection was reset as it came about"
		}
		return fmt.Sprintf("connected, but the other side hung up in the step %q", res.Step)
	case Untried:
		return a.untried(o, res)
	}
	return plain(a.err)
}

// untried says why nothing is known.
func (a *attempt) untried(o outcome, res *Result) string {
	switch {
	case o.interrupted:
		return fmt.Sprintf("interrupted in the step %q", res.Step)
	case o.shortage:
		return "this machine had nothing left to connect with: " + plain(a.err)
	case errors.Is(a.err, errFamily):
		return errFamily.Error()
	}
	return "could not be asked: " + plain(a.err)
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
		Refused:     "the connect was reset (RST)",
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
	case p.Refusal != "":
		return p.Refusal
	case p.Greeting != "":
		return p.Greeting
	case p.Facts["kind"] != "":
		return strings.TrimSpace(p.Facts["kind"] + " " + p.Facts["dns_host_name"])
	case len(p.Endpoints) > 0:
		return fmt.Sprintf("an endpoint map with %d entries", len(p.Endpoints))
	case rpc != nil:
		return "bound " + rpc.Name
	case res.Check.Service.Protocol == "tcp":
		return "connected; nothing more was asked"
	}
	return "spoke " + res.Check.Service.Protocol
}

// plain makes an error's text fit for a terminal: parts of it may be the
// peer's.
func plain(err error) string { return protocol.Printable(err.Error(), detailSize) }

func noReply(tries int, each, all time.Duration) string {
	return fmt.Sprintf("no reply to %d connects of up to %s each, %s in all", tries, each, all.Round(10*time.Millisecond))
}
