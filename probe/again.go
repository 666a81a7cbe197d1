// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"slices"
	"time"

	"exreach/probe/protocol"
)

// A Crowded is what a port did while other connections to its host were open. It
// answered when it was asked alone.
type Crowded struct {
	Verdict Verdict // what was observed then
	Open    int     // the most connections to the host that this run had open at once
}

// Bounds on asking again.
const (
	quickly    = 2 * time.Second         // a peer that takes longer to hang up does so for another reason
	samples    = 4                       // refusals that stand for all, where each may take seconds
	firstPause = 50 * time.Millisecond   // until a port that a limit turned away is asked again, doubling
	fairPause  = 400 * time.Millisecond  // pauses this long leave a limit per second room for a port and its witness
	lastPause  = 3200 * time.Millisecond // the last of these pauses

	leastWelcome = 2 // times a port that answers must be welcome while another one is turned away
)

// turnedAway reports whether a connect was refused, by the host or on the way.
func turnedAway(res Result) bool {
	return res.Step == protocol.Connect && slices.Contains([]Verdict{Refused, Prohibited, Unreachable, Cut}, res.Verdict)
}

// isDoubtful reports whether the result may be due to other connections. Lonely means
// that there were none.
func (a *asking) isDoubtful(lonely bool) bool {
	switch {
	case (turnedAway(a.res) || a.res.Verdict == TimedOut) && a.door.hasAnswered():
		return true
	case lonely, a.run.shared.Gentle, a.run.pool.Once, a.check.IsControl(): // that the control port is closed is of no interest
		return false
	case a.res.Verdict == TimedOut:
		return a.mayBeCrowdedOut()
	}
	return a.inDoubt()
}

// persist asks a check again, alone and with growing pauses, because the host limits
// connections: firewalls go on counting those that are over. The refusal is believed
// where a port that answers is not turned away at the same time. It reports whether
// such a port was turned away to the end: then this machine is blocked.
func (a *asking) persist(ctx context.Context) (banned bool) {
	dropped, welcome := a.res.Verdict == TimedOut, 0
	for pause := firstPause; pause <= lastPause && sleep(ctx, pause); pause *= 2 {
		a.askAlone(ctx)
		if dropped || !a.inDoubt() {
			return false // a dropped port has been asked often enough
		}
		if pause >= fairPause && a.isWelcome(ctx) {
			welcome++
		}
		if welcome == leastWelcome {
			return false
		}
	}
	return welcome == 0 && ctx.Err() == nil && a.path.connects()
}

// inDoubt reports whether a limit of connections may lead to the result.
func (a *asking) inDoubt() bool {
	return turnedAway(a.res) || a.res.Verdict == TimedOut || a.sentAway()
}

// sentAway reports whether the connection came about and the service got rid of
// it: accepted and closed at once, or "421 too many connections". A web server's
// refusal is about the page. A service that may have had a password is not asked again.
func (a *asking) sentAway() bool {
	if a.run.pool.Credentials != nil || lastTook(a.res) > quickly {
		return false
	}
	return a.res.Verdict == Cut || a.res.Verdict == Answered && a.check.Service.HTTP == nil && a.res.Peer != nil && a.res.Peer.Refusal != ""
}

// lastTook is how long the last conversation took: Took is that of all of them.
func lastTook(res Result) (took time.Duration) {
	for _, s := range res.Steps {
		took += s.Took
	}
	return took
}

// letIn reports whether a port that was in doubt answered alone, or at least
// accepted a connect that it had not accepted before.
func (a *asking) letIn(first Verdict) bool {
	return !a.inDoubt() && (a.res.Verdict == Answered || first != Cut && first != Answered)
}

// mayBeCrowdedOut reports whether a port that timed out may have been dropped because
// of other connections: everything else fell silent as well, or more connects were lost
// than a sound path loses and the host was never quiet enough.
func (a *asking) mayBeCrowdedOut() bool {
	if !a.overTCP() {
		return a.host.crowd.isLimited()
	}
	silent := a.res.Witness != nil && !a.res.Witness.Answers
	return silent || a.res.Took >= a.run.timeouts.Check && a.path.isSuspect()
}

// again asks a port alone, and once more if other ports show in the meantime that
// there is a limit: firewalls forget closed connections with a delay.
func (a *asking) again(ctx context.Context) {
	crowd := a.host.crowd
	first, by := a.res.Verdict, a.res.SaidBy
	crowd.addDoubt()
	quiet := crowd.awaitQuiet(ctx)
	if quiet && turnedAway(a.res) {
		a.awaitWelcome(ctx)
	}
	if quiet && a.isWorthIt(ctx) {
		a.askAlone(ctx)
		if turnedAway(a.res) && crowd.awaitForgotten(ctx) {
			a.askAlone(ctx)
		}
	}
	if quiet && (a.letIn(first) || first != TimedOut && (a.res.Verdict != first || a.res.SaidBy != by)) {
		crowd.limit() // the refusal comes from elsewhere now, so the first was due to other connections
	}
	crowd.endDoubt()
	banned := false
	if a.inDoubt() && crowd.awaitDecision(ctx) {
		banned = a.persist(ctx)
	}
	a.concludeAgain(ctx, first, banned)
}

// concludeAgain notes what asking again has shown.
func (a *asking) concludeAgain(ctx context.Context, first Verdict, banned bool) {
	res, crowded := &a.res, &Crowded{Verdict: first, Open: a.host.crowd.atMost()}
	switch {
	case res.Verdict == Answered && !a.inDoubt():
		res.Crowded = crowded
	case ctx.Err() != nil:
		step, tries, took := res.Step, res.Tries, res.Took
		a.res = a.unasked(Interrupted, "interrupted before it could be asked again without other connections")
		a.res.Step, a.res.Tries, a.res.Took = step, tries, took
	case turnedAway(*res) && (a.door.hasAnswered() || res.Verdict != Cut && a.door.accepted.Load()):
		res.Crowded = crowded
		res.Verdict, res.Detail = Cut, "this port refused the connection after it had accepted others"
	case turnedAway(*res) && res.Verdict != Cut && banned:
		res.Crowded = crowded
	}
}

// byICMP reports whether an ICMP message turned a connect away.
func byICMP(res Result) bool { return res.SaidBy.IsValid() || res.Verdict == Prohibited }

// isWorthIt reports whether asking again may tell more. A few stand for all where the
// system repeats a refused connect for seconds, and ICMP messages are not waited for
// once one has not come: routers send few. A port that was dropped, or
// to which there was no way, is asked again where it is certain that the host lives.
func (a *asking) isWorthIt(ctx context.Context) bool {
	crowd := a.host.crowd
	switch {
	case crowd.isLimited():
		return true
	case a.res.Verdict == TimedOut:
		return a.revives(ctx)
	case a.res.Verdict == Unreachable:
		return a.path.hasLived()
	case a.run.refusal > 0:
		return crowd.sampled.Add(1) <= samples
	case byICMP(a.res):
		return !crowd.mutes.Load()
	}
	return true
}

// askAlone asks a check while no other is asked at the host, or few where that would
// take long.
func (a *asking) askAlone(ctx context.Context) {
	crowd := a.host.crowd
	release, err := crowd.takeShares(ctx, a.share())
	if err != nil {
		return
	}
	defer release()
	asks := 1
	if turnedAway(a.res) {
		asks = crowd.asks()
	}
	for range asks {
		if !sleep(ctx, crowd.breath()) {
			return
		}
		if a.askNow(ctx); !turnedAway(a.res) || crowd.mutes.Load() {
			return
		}
	}
}

// askNow asks a check again. What it observes replaces the result before, but silence
// does not.
func (a *asking) askNow(ctx context.Context) {
	before, next := &a.res, a.findOut(ctx)
	next.Tries += before.Tries
	next.Took += before.Took
	if before.Verdict != Untried && (next.Verdict == Untried || next.Verdict == TimedOut) {
		before.Tries, before.Took = next.Tries, next.Took // an observation counts more than silence
		if next.Verdict == TimedOut && byICMP(*before) {
			a.host.crowd.mutes.Store(true)
		}
		return
	}
	a.res = next
}

// share is how much of the host's room a check takes that is asked alone.
func (a *asking) share() int64 {
	switch {
	case a.res.Verdict == TimedOut:
		return halfHost
	case a.host.crowd.isLimited() || !a.path.isFar():
		return wholeHost
	}
	return quarter
}

// Linux counts the connections of a source (nf_conncount.c) and forgets those that
// are over only as new ones come: a few each time, and none in a tick of its clock
// in which it has done so before. What is asked too fast is turned away for
// connects that are long over.
const (
	tick    = 8 * time.Millisecond // of its clock, or two: most have 4 ms
	spacing = 2 * tick             // of connects to a host that is known to limit them
	group   = 4                    // connects that may come in one tick: no limit is so low
	airing  = 3                    // connects after which all those are forgotten that came at once before
)

// asks is how often a port is asked alone in a row: the first one until those connects
// are forgotten.
func (c *crowd) asks() int {
	if c.aired.CompareAndSwap(false, true) {
		return airing
	}
	return 1
}

// breath is how long to wait before something is asked alone.
func (c *crowd) breath() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.breaths++
	switch {
	case c.limited:
		return spacing
	case c.breaths <= airing || c.breaths%group == 0:
		return tick
	}
	return atOnce
}

// askControlLast asks the port that nothing uses a second time, after all others,
// where one of them connected and proved nothing: a device may begin to answer for
// the host once a source has connected to many ports.
func (a *asking) askControlLast(ctx context.Context) {
	if !a.overTCP() || a.res.Verdict == Answered || !a.host.crowd.awaitEnd(ctx) || !a.path.hollow.Load() {
		return
	}
	leave, err := a.awaitHostTurn(ctx)
	if err != nil {
		return
	}
	defer leave()
	a.door.doubtful.Store(true) // a few tries are enough for a port that was silent before
	a.askNow(ctx)
}
