// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// check asks one check at every address of its host.
func (r *run) check(ctx context.Context, h *host, c catalog.Check, emit func(Result)) {
	name, err := r.resolve(ctx, h)
	if err != nil {
		emit(r.nameless(ctx, h, c))
		return
	}
	var each sync.WaitGroup
	for _, addr := range name.Addrs {
		each.Go(func() {
			at := netip.AddrPortFrom(addr, c.Service.Ports.First)
			res := r.askAt(ctx, h, c, at)
			r.askControlLast(ctx, h, &res, at)
			res.Name = name
			res.Steps = append([]Timing{{protocol.Resolve, h.took}}, res.Steps...)
			emit(res)
			r.follow(ctx, h, res, emit)
		})
	}
	each.Wait()
}

// nameless is the result where the host's name led to no address.
func (r *run) nameless(ctx context.Context, h *host, c catalog.Check) Result {
	res := Result{Check: c, Name: h.found, Port: c.Service.Ports.First, Step: protocol.Resolve, Tries: 1, Took: h.took}
	res.Steps = []Timing{{protocol.Resolve, h.took}}
	res.Verdict, res.Obstacle, res.Detail = judgeLookup(h.err, ctx.Err() != nil)
	return res
}

// askAt asks a check at one address, unless this machine has no way there.
func (r *run) askAt(ctx context.Context, h *host, c catalog.Check, at netip.AddrPort) Result {
	if why := h.found.NoWay[at.Addr()]; why != socket.NoCause {
		obstacle := obstacleTo(at.Addr(), why)
		return Result{Check: c, Address: at.Addr(), Port: at.Port(), Step: protocol.Connect, Verdict: Untried,
			Obstacle: obstacle, Detail: noWayWords(obstacle, at.Addr())}
	}
	return r.ask(ctx, h, c, at)
}

// ask finds the verdict on one check at one address: it waits for its turn,
// asks, and asks again where that may tell more. A check waits for all its turns in
// this order and keeps each while it waits for the next, so that no two checks can
// wait for one another:
//
//  1. the host's turn, which a gentle run gives to one check at a time
//  2. a place at the port, and whether anything answers there (door)
//  3. where the answer is in doubt: quiet at the host, and a share of it (crowd)
//  4. a place among the connects of the host, then of the run, and their pace
//  5. a place among the conversations of the host, then of the run; then those
//     of 4 are given back
//  6. the one login of the host, and room among those of the run (Logins)
func (r *run) ask(ctx context.Context, h *host, c catalog.Check, at netip.AddrPort) Result {
	res := Result{Check: c, Address: at.Addr(), Port: at.Port(), Step: protocol.Connect, Verdict: Untried, Obstacle: Interrupted}
	d := h.door(at, c.Service)
	for _, slots := range []*semaphore.Weighted{h.turn, d.slots} {
		if slots.Acquire(ctx, 1) != nil {
			res.Detail = noTurn
			return res
		}
		defer slots.Release(1)
	}
	defer d.known()
	if !d.enter(ctx) {
		res.Detail = noTurn
		return res
	}
	if shut := d.closed(); shut != nil {
		known := *shut
		known.Check = c
		return known
	}
	r.askOnce(ctx, h, d, &res, at)
	hide(r.mask, &res)
	h.path(at.Addr()).observeRow(res)
	if sameForAll(res) && !(res.Verdict == Cut && d.hasAnswered()) {
		d.close(res)
	}
	return res
}

// hide takes the password out of all that a result says. What was asked is the
// user's own, and the catalogue's.
func hide(m *protocol.Mask, res *Result) {
	asked := res.Check
	res.Check = catalog.Check{}
	m.HideAll(res)
	res.Check = asked
}

// sameForAll reports whether every other check of the port will end like res:
// it failed before anything of its own was said.
func sameForAll(res Result) bool {
	if res.Verdict == Untried {
		return false
	}
	return res.Step == protocol.Connect && res.Verdict != Answered ||
		res.Step == protocol.TLS && res.Verdict != Answered && res.Check.Service.TLS.First()
}

// maxCuts is how often a peer may hang up: a busy server does so, too.
const maxCuts = 2

// attempts asks until the verdict is certain or the check's time is over.
func (r *run) attempts(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) {
	p := h.path(at.Addr())
	left := r.timeouts.Check
	stills := 0
	var a *attempt
	for pause, cuts := 20*time.Millisecond, 0; ; pause = min(2*pause, time.Second) {
		before := r.still.times()
		a = r.converse(ctx, h, d, res.Check, at, left)
		var shortage bool
		if cuts == 0 || !a.cutAtOnce() { // the one before came further
			shortage = a.record(res, r.trust, ctx.Err() != nil)
		}
		res.Tries += a.tries
		if r.still.times() != before && !a.proves() && ctx.Err() == nil {
			if left = r.timeouts.Check; resume(ctx, &stills) {
				res.Peer = nil
				continue
			}
			res.Verdict, res.Obstacle, res.Detail = Untried, StoodStill, stoodStill
			break
		}
		left -= a.spent
		if res.Verdict == Cut {
			cuts++
		}
		if !shortage && (res.Verdict != Cut || cuts == maxCuts) || left <= 0 || ctx.Err() != nil {
			break
		}
		if shortage {
			pause = min(pause, left)
			if left -= pause; !wait(ctx, pause) || left <= 0 {
				break
			}
		}
	}
	left -= r.askFurther(ctx, res, a, left)
	res.Took = r.timeouts.Check - left
	if res.Check.Service.Network == catalog.TCP {
		p.observe(res)
	}
	if res.Verdict == TimedOut {
		res.Detail = noReply(*res)
	}
}

// askFurther asks once more where another kind of asking may tell more than the last
// attempt did, and returns how long that took.
func (r *run) askFurther(ctx context.Context, res *Result, last *attempt, left time.Duration) (spent time.Duration) {
	if next, known := last.anew(r.mayTalkTwice(res.Check)); known && left > 0 && ctx.Err() == nil {
		anew, further := r.askAnew(ctx, last, next, res.Check, left)
		if further {
			anew.record(res, r.trust, ctx.Err() != nil)
		}
		res.Tries += anew.tries
		spent = anew.spent
	}
	if r.asksInSmall(*res) {
		spent += r.askInSmall(ctx, last.host, last.door, res, last.to)
	}
	return spent
}

// cutAtOnce reports whether the connection was reset as it came about.
func (a *attempt) cutAtOnce() bool {
	return a.step() == protocol.Connect && classify(a.err, a.step(), false).verdict == Cut
}

// wait sleeps, unless ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
