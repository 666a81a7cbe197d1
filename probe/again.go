// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"slices"
	"time"

	"exreach/probe/protocol"
)

// A Crowded is what a port did while other connections to its host were open. Asked
// alone it answered, or a limit of connections may have turned it away to the end:
// Result.Verdict says which.
type Crowded struct {
	Verdict Verdict // what was observed first, while they were open
	Open    int     // the most connections to the host that this run had open at once
}

// Bounds on asking again.
const (
	quickly    = 2 * time.Second         // a peer that takes longer to hang up does so for another reason
	samples    = 4                       // refusals that stand for all others where each may take seconds
	firstPause = 50 * time.Millisecond   // before a port that a limit turned away is asked again; doubles each time
	fairPause  = 400 * time.Millisecond  // from this pause on, a limit per second has room for a port and its witness
	lastPause  = 3200 * time.Millisecond // the last of these pauses

	leastWelcome = 2 // times a port that answers must be welcome for another one's refusal to be believed
)

// turnedAway reports whether a connect was refused, by the host or on the way.
func turnedAway(res Result) bool {
	return res.Step == protocol.Connect && slices.Contains([]Verdict{Refused, Prohibited, Unreachable, Cut}, res.Verdict)
}

// isDoubtful reports whether the result may be due to other connections. If so, askOnce
// asks again. lonely means that there were none.
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
// connections: firewalls go on counting those that are over. It believes the refusal
// where the witness is not turned away at the same time (isWelcome). banned says that the
// witness, too, was turned away to the end: then this machine is blocked.
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

// inDoubt reports whether a limit of connections leads to results like this one.
func (a *asking) inDoubt() bool {
	return turnedAway(a.res) || a.res.Verdict == TimedOut || a.sentAway()
}

// sentAway reports whether the service accepted the connection and then got rid of it:
// closed it at once, or said "421 too many connections". A web server's refusal does not
// count: it is about the page. A service that may have had a password is not asked again.
func (a *asking) sentAway() bool {
	if a.run.pool.Credentials != nil || lastTook(a.res) > quickly {
		return false
	}
	return a.res.Verdict == Cut || a.res.Verdict == Answered && a.check.Service.HTTP == nil && a.res.Peer != nil && a.res.Peer.Refusal != ""
}

// lastTook returns how long the last conversation took; res.Took is the time of them all.
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

// concludeAgain notes in the result what asking again has shown. first is the verdict
// before, and banned what persist found.
func (a *asking) concludeAgain(ctx context.Context, first Verdict, banned bool) {
	res, crowded := &a.res, &Crowded{Verdict: first, Open: a.host.crowd.atMost()}
	switch {
	case res.Verdict == Answered && !a.inDoubt():
		res.Crowded = crowded
	case ctx.Err() != nil:
		step, tries, took, source := res.Step, res.Tries, res.Took, res.Source
		a.res = a.unasked(Interrupted, "before it could be asked again without other connections")
		a.res.Step, a.res.Tries, a.res.Took, a.res.Source = step, tries, took, source
	case turnedAway(*res) && (a.door.hasAnswered() || res.Verdict != Cut && a.door.accepted.Load()):
		res.Crowded = crowded
		res.Verdict, res.Detail = Cut, "this port refused the connection after it had accepted others"
	case turnedAway(*res) && res.Verdict != Cut && banned:
		res.Crowded = crowded
	}
}

// byICMP reports whether an ICMP message turned a connect away.
func byICMP(res Result) bool { return res.SaidBy.IsValid() || res.Verdict == Prohibited }

// isWorthIt reports whether asking again may tell more. Where the system repeats a
// refused connect for seconds, a few ports stand for all. Once an ICMP message has not
// come again, no port waits for another: routers send few. A port that timed out, or to
// which there was no way, is worth it only where the host is certain to live.
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

// askAlone asks a check while no other is asked alone at the host, or few others where
// one at a time would take long (share).
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

// askNow asks a check again. What it observes replaces the earlier result, but silence
// and Untried do not.
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

// share returns how many of the crowd's shares a check takes to be asked alone.
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
// in which it has done so before. A connect that comes too fast is therefore turned away
// because of others that are long over.
const (
	tick    = 8 * time.Millisecond // one tick of its clock, or two: most have 4 ms
	spacing = 2 * tick             // between connects to a host that is known to limit them
	group   = 4                    // connects that may come in one tick: no limit is so low
	airing  = 3                    // after so many connects, Linux has forgotten all that came at once before them
)

// asks returns how often in a row to ask a port alone: the first port of the host so
// often that Linux forgets the connects before it (airing), every other port once.
func (c *crowd) asks() int {
	if c.aired.CompareAndSwap(false, true) {
		return airing
	}
	return 1
}

// breath returns how long to wait before a port is asked alone.
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

// askControlLast asks the control port, which nothing uses, a second time after all other
// checks, where one of them connected and proved nothing: a device may begin to answer
// for the host once a source has connected to many ports.
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
	a.row.Again()
	a.askNow(ctx)
}
