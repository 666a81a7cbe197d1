// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// A Crowded is what a port did while other connections to its host were open,
// where it answered once it was asked alone.
type Crowded struct {
	Verdict Verdict // what was observed then
	Open    int     // connections to the host that this run had open at a time, at most
}

// Bounds on asking again.
const (
	quickly   = 2 * time.Second         // a peer that takes longer to hang up is no limit of connections
	samples   = 4                       // of the refusals, where each may take seconds
	firstTurn = 50 * time.Millisecond   // until a port that a limit turned away is asked again, doubling
	fairTurn  = 400 * time.Millisecond  // pauses this long leave a limit per second room for a port and its witness
	lastTurn  = 3200 * time.Millisecond // the last of these pauses

	leastWelcome = 2 // times that a port that answers must be welcome beside one that is turned away
)

// askOnce asks a check. What may be due to the run's other connections it asks
// again, alone: a limit of connections per source turns connects away that would
// be welcome by themselves (xt_connlimit, "ct count" of nftables, MaxStartups).
func (r *run) askOnce(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) {
	if h.crowd.isLimited() || d.inDoubt() {
		if r.alone(ctx, h, d, res, at); res.Verdict == TimedOut || !r.inDoubt(*res) {
			return
		}
	} else {
		company := h.crowd.join()
		r.attempts(ctx, h, d, res, at)
		if lonely := company.leave(); !r.doubts(h, d, *res, lonely) {
			return
		}
	}
	d.doubt()
	r.again(ctx, h, d, res, at)
}

// turnedAway reports whether a connect was refused, by the host or on the way.
func turnedAway(res Result) bool {
	return res.Step == protocol.Connect && slices.Contains([]Verdict{Refused, Prohibited, Unreachable, Cut}, res.Verdict)
}

// doubts reports whether a result may be due to other connections. Lonely says
// that there were none.
func (r *run) doubts(h *host, d *door, res Result, lonely bool) bool {
	switch {
	case (turnedAway(res) || res.Verdict == TimedOut) && d.hasAnswered():
		return true
	case lonely, r.pool.Gentle, r.pool.Once, res.Check.IsControl(): // that the control port is closed is of no interest
		return false
	case res.Verdict == TimedOut:
		return r.mayBeCrowdedOut(h, res)
	}
	return r.inDoubt(res)
}

// persist asks again, alone, what a host turned away that limits connections, with
// growing pauses: firewalls count connections for a while that are over. The
// refusal stands where a port that answers is not turned away at the same time. It
// reports whether such a port was turned away to the end: this machine is blocked.
func (r *run) persist(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) (banned bool) {
	dropped, welcome := res.Verdict == TimedOut, 0
	for pause := firstTurn; pause <= lastTurn && wait(ctx, pause); pause *= 2 {
		r.alone(ctx, h, d, res, at)
		if dropped || !r.inDoubt(*res) {
			return false // a dropped port has been asked often enough
		}
		if pause >= fairTurn && r.isWelcome(ctx, h, at.Addr()) {
			welcome++
		}
		if welcome == leastWelcome {
			return false
		}
	}
	return welcome == 0 && ctx.Err() == nil && h.path(at.Addr()).connects()
}

// inDoubt reports whether a result is one that a limit of connections may lead to.
func (r *run) inDoubt(res Result) bool {
	return turnedAway(res) || res.Verdict == TimedOut || r.sentAway(res)
}

// sentAway reports whether the connection came about and the service got rid of
// it: accepted and closed at once, or "421 too many connections". A web server's
// refusal is about the page. Nobody is asked again who may have had a password.
func (r *run) sentAway(res Result) bool {
	if r.pool.Credentials != nil || lastTook(res) > quickly {
		return false
	}
	return res.Verdict == Cut || res.Verdict == Answered && res.Check.Service.HTTP == nil && res.Peer != nil && res.Peer.Refusal != ""
}

// lastTook is how long the last attempt took: Took is that of all of them.
func lastTook(res Result) (took time.Duration) {
	for _, s := range res.Steps {
		took += s.Took
	}
	return took
}

// letIn reports whether a port that was in doubt answered alone, or at least
// accepted a connect that it had not accepted before.
func (r *run) letIn(first Verdict, res Result) bool {
	return !r.inDoubt(res) && (res.Verdict == Answered || first != Cut && first != Answered)
}

// mayBeCrowdedOut reports whether a port that timed out may have been dropped for
// the sake of other connections: everything else fell silent, too, or connects
// got lost as on no path in good order and the host was never quiet enough.
func (r *run) mayBeCrowdedOut(h *host, res Result) bool {
	if res.Check.Service.Network == catalog.UDP {
		return h.crowd.isLimited()
	}
	silent := res.Witness != nil && !res.Witness.Answers
	return silent || res.Took >= r.timeouts.Check && h.path(res.Address).isSuspect()
}

// again asks a port alone, and once more if other ports show in the meantime that
// there is a limit: firewalls forget closed connections with a delay.
func (r *run) again(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) {
	c := h.crowd
	first, by := res.Verdict, res.SaidBy
	c.doubt()
	quiet := c.awaitQuiet(ctx)
	if quiet && turnedAway(*res) {
		r.awaitWelcome(ctx, h, at.Addr())
	}
	if quiet && r.isWorthIt(ctx, h, res, at) {
		r.alone(ctx, h, d, res, at)
		if turnedAway(*res) && c.rest(ctx) {
			r.alone(ctx, h, d, res, at)
		}
	}
	if quiet && (r.letIn(first, *res) || first != TimedOut && (res.Verdict != first || res.SaidBy != by)) {
		c.limit() // the refusal comes from elsewhere now, so the first was for the sake of others
	}
	c.settled()
	banned := false
	if r.inDoubt(*res) && c.awaitDecision(ctx) {
		banned = r.persist(ctx, h, d, res, at)
	}
	switch {
	case res.Verdict == Answered && !r.inDoubt(*res):
		res.Crowded = &Crowded{Verdict: first, Open: c.atMost()}
	case ctx.Err() != nil:
		*res = Result{Check: res.Check, Address: res.Address, Port: res.Port, Step: res.Step, Tries: res.Tries, Took: res.Took,
			Verdict: Untried, Obstacle: Interrupted, Detail: "interrupted before it could be asked again without other connections"}
	case turnedAway(*res) && (d.hasAnswered() || res.Verdict != Cut && d.hasAccepted()):
		res.Crowded = &Crowded{Verdict: first, Open: c.atMost()}
		res.Verdict, res.Detail = Cut, "this port refused the connection after it had accepted others"
	case turnedAway(*res) && res.Verdict != Cut && banned:
		res.Crowded = &Crowded{Verdict: first, Open: c.atMost()}
	}
}

// bySomebody reports whether an ICMP message turned a connect away.
func bySomebody(res Result) bool { return res.SaidBy.IsValid() || res.Verdict == Prohibited }

// isWorthIt reports whether asking again may tell more. A few stand for all where the
// system repeats a refused connect for seconds, and ICMP messages are not waited for
// once one has not come: routers send few. A port that was dropped, or
// to which there was no way, is asked again where it is certain that the host lives.
func (r *run) isWorthIt(ctx context.Context, h *host, res *Result, at netip.AddrPort) bool {
	switch {
	case h.crowd.isLimited():
		return true
	case res.Verdict == TimedOut:
		return r.revives(ctx, h, at.Addr())
	case res.Verdict == Unreachable:
		return h.path(at.Addr()).hasLived()
	case r.refusal > 0:
		return h.crowd.sample(samples)
	case bySomebody(*res):
		return !h.crowd.isMute()
	}
	return true
}

// alone asks a check while nobody else is asked at the host, or few where that
// would take long.
func (r *run) alone(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) {
	share := h.share(*res, at.Addr())
	if h.crowd.alone.Acquire(ctx, share) != nil {
		return
	}
	defer h.crowd.alone.Release(share)
	asks := 1
	if turnedAway(*res) {
		asks = h.crowd.asks()
	}
	for range asks {
		if !wait(ctx, h.crowd.breath()) {
			return
		}
		if r.askNow(ctx, h, d, res, at); !turnedAway(*res) || h.crowd.isMute() {
			return
		}
	}
}

// askNow asks a check again. An answer counts more than the one before.
func (r *run) askNow(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) {
	next := Result{Check: res.Check, Address: res.Address, Port: res.Port, Step: protocol.Connect, Verdict: Untried}
	r.attempts(ctx, h, d, &next, at)
	next.Tries += res.Tries
	next.Took += res.Took
	if res.Verdict != Untried && (next.Verdict == Untried || next.Verdict == TimedOut) {
		res.Tries, res.Took = next.Tries, next.Took // what was observed tells more
		if next.Verdict == TimedOut && bySomebody(*res) {
			h.crowd.mute()
		}
		return
	}
	*res = next
}

// share is how much of the host's room a check takes that is asked alone.
func (h *host) share(res Result, to netip.Addr) int64 {
	switch {
	case res.Verdict == TimedOut:
		return halfHost
	case h.crowd.isLimited() || !h.path(to).isFar():
		return wholeHost
	}
	return quarter
}
