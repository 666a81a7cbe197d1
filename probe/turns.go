// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"exreach/probe/protocol"
)

// This file is the only one that waits for a turn. A check waits for its turns in
// this order, and keeps each while it waits for the next, so no two checks can wait
// for one another:
//
//  1. a slot among the checks of all runs (checkSlot)
//  2. its host's turn, which a gentle run gives to one check at a time (awaitTurn)
//  3. a slot at its port (awaitTurn)
//  4. the first check of its port, until that has found out whether anything answers
//     there (awaitTurn)
//  5. where its result is in doubt: shares of the host (takeShares)
//  6. a slot among the connects of the host, then of all runs (mayConnect); a further
//     try takes one only if it is free (spareConnect)
//  7. the pace of the host, then of all runs (mayConnect); further tries and
//     witnesses wait for both together (pace)
//  8. a slot among the conversations of the host, then of all runs; then it gives the
//     slots of 6 back (mayTalk)
//  9. the one login of its host, then room among those of all runs (login)
//
// A witness has a slot of its own (witnessSlot). A host that has all its results
// waits until the caller has taken some of those before it (unreadSlot), and holds
// nothing meanwhile.
//
// Two more waits are no turns: for the name of the host, after 1 (resolve), and for its
// other checks to calm down, after 4, or to end, with nothing but 1 in hand (crowd.go).
// Neither depends on a check that has not begun.

var errTurn = errors.New("it was not its turn")

// take waits for n of each of slots, in their order, and takes them. release gives them
// back.
func take(ctx context.Context, n int64, slots ...*semaphore.Weighted) (release func(), err error) {
	for i, s := range slots {
		if s.Acquire(ctx, n) != nil {
			giveBack(n, slots[:i])
			return nil, errTurn
		}
	}
	return func() { giveBack(n, slots) }, nil
}

func giveBack(n int64, slots []*semaphore.Weighted) {
	for _, s := range slots {
		s.Release(n)
	}
}

// takeUntilEnd waits for a slot until ctx ends. From then on it needs none: a check that
// begins then notices that ctx has ended, and is over at once.
func takeUntilEnd(ctx context.Context, slots *semaphore.Weighted) (release func()) {
	release, err := take(ctx, 1, slots)
	if err != nil {
		return func() {}
	}
	return release
}

// mostUnread is how many hosts may have all their results and wait for the caller to take
// them, before no further host begins.
const mostUnread = 32

// unreadSlot waits until fewer than mostUnread hosts have results to be taken.
func (r *run) unreadSlot(ctx context.Context) (release func()) { return takeUntilEnd(ctx, r.unread) }

// checkSlot waits until one more check may begin.
func (r *run) checkSlot(ctx context.Context) (release func()) {
	return takeUntilEnd(ctx, r.shared.slots.checks)
}

// witnessSlot waits until one more witness may be asked.
func (r *run) witnessSlot() (release func(), err error) {
	return take(r.ctx, 1, r.shared.slots.witnesses)
}

// awaitTurn waits until a check may be asked: it has its host's turn and its slot at
// the port, and the first check of the port has found out whether anything answers
// there. So only one check waits for the answer of a port that drops everything.
func (a *asking) awaitTurn(ctx context.Context) (leave func(), err error) {
	release, err := take(ctx, 1, a.host.slots.turn, a.door.slots)
	if err != nil {
		return nil, err
	}
	leave = func() {
		a.door.probed.letAll()
		release()
	}
	if !a.door.probed.await(ctx) {
		leave()
		return nil, errTurn
	}
	return leave, nil
}

// awaitHostTurn waits for the host's turn, with nothing else in hand.
func (a *asking) awaitHostTurn(ctx context.Context) (leave func(), err error) {
	return take(ctx, 1, a.host.slots.turn)
}

// takeShares waits for n shares of the host.
func (c *crowd) takeShares(ctx context.Context, n int64) (release func(), err error) {
	return take(ctx, n, c.shares)
}

// mayConnect waits for a slot among the connects, and over TCP for the pace.
func (c *conversation) mayConnect(ctx context.Context) (release func(), err error) {
	defer c.stopClock()()
	all, host := &c.run.shared.slots, c.host.slots
	if release, err = take(ctx, 1, host.connects, all.connects); err != nil || !c.overTCP() {
		return release, err
	}
	if err := all.awaitPace(ctx, host.pace); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// awaitPace waits until a first connect may be sent. Only one check at a time waits
// for the pace of all. Otherwise the second tries of some checks would queue behind
// the first tries of all the others.
func (s *slots) awaitPace(ctx context.Context, host *rate.Limiter) error {
	if s.pace == nil && host == nil {
		return nil
	}
	if !sleep(ctx, pay(1, host)) {
		return errTurn
	}
	release, err := take(ctx, 1, s.first)
	if err != nil {
		return err
	}
	defer release()
	if !sleep(ctx, pay(1, s.pace)) {
		return errTurn
	}
	return nil
}

// pace reserves n connects, and returns how long to wait before they may be sent.
func (a *asking) pace(n int) time.Duration {
	return pay(n, a.run.shared.slots.pace, a.host.slots.pace)
}

// spareConnect takes a slot among the connects of all runs; nil where none is free.
func (a *asking) spareConnect() (release func()) {
	connects := a.run.shared.slots.connects
	if !connects.TryAcquire(1) {
		return nil
	}
	return func() { connects.Release(1) }
}

// mayTalk waits for a slot among the conversations.
func (c *conversation) mayTalk(ctx context.Context) (release func(), err error) {
	defer c.stopClock()()
	return take(ctx, 1, c.host.slots.talks, c.run.shared.slots.talks)
}

// login waits until a login on host may begin. The caller calls end with its outcome, and
// says whether the server proved who it is. The error says why there may be no login;
// end is nil then.
func (l *ledger) login(ctx context.Context, host string) (end func(o protocol.Outcome, proven bool), err error) {
	h := l.use(host)
	release, err := take(ctx, 1, h.turn)
	if err != nil {
		l.leave(h)
		return nil, errLoginsSlow
	}
	weight, err := l.awaitRoom(ctx, h)
	if err != nil {
		release()
		l.leave(h)
		return nil, err
	}
	return func(o protocol.Outcome, proven bool) {
		l.note(h, o, proven)
		l.room.Release(weight)
		release()
		l.leave(h)
	}, nil
}

// awaitRoom waits for room among the logins, and returns how much of it this login takes:
// its weight may change while it waits.
func (l *ledger) awaitRoom(ctx context.Context, h *hostLogins) (weight int64, err error) {
	for {
		weight, _ = l.weight(h)
		release, err := take(ctx, weight, l.room)
		if err != nil {
			return 0, errLoginsSlow
		}
		now, err := l.weight(h)
		if err == nil && now <= weight {
			l.room.Release(weight - now)
			return now, nil
		}
		release()
		if err != nil {
			return 0, err
		}
	}
}

// A gate lets the first caller through at once, and the others after letAll.
type gate struct {
	entered atomic.Bool
	free    chan struct{} // closed when all may pass
	once    sync.Once
}

func newGate() *gate { return &gate{free: make(chan struct{})} }

// isFirst reports whether the caller is the first. It must then find out what the others
// wait for, and call letAll.
func (g *gate) isFirst() bool { return g.entered.CompareAndSwap(false, true) }

// letAll lets everything through. It may be called more than once.
func (g *gate) letAll() { g.once.Do(func() { close(g.free) }) }

// await lets the first caller through at once, and the others when all may pass. It
// reports false where ctx ended first.
func (g *gate) await(ctx context.Context) bool {
	if g.isFirst() {
		return true
	}
	select {
	case <-g.free:
		return true
	case <-ctx.Done():
		return false
	}
}

// gentlePace is how far apart a gentle run's connects to one host are. Firewalls
// that shun a source count what it opens in a few seconds.
const gentlePace = 500 * time.Millisecond

// together is how many connects may be sent at once: a try and its witness.
const together = 2

// newPace limits connects to one per each on average; it is nil, no limit, for 0.
func newPace(each time.Duration) *rate.Limiter {
	if each == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(each), together)
}

// atOnce is the time of a timer that need not wait. It is not zero because many such
// timers crash the race detector in the bubbles of package synctest (golang/go#78156).
const atOnce = time.Nanosecond

// pay reserves n connects with each of limiters, and returns how long to wait before
// they may be sent. A nil limiter limits nothing.
func pay(n int, limiters ...*rate.Limiter) time.Duration {
	now, delay := time.Now(), atOnce
	for _, l := range limiters {
		if l != nil {
			delay = max(delay, l.ReserveN(now, n).DelayFrom(now))
		}
	}
	return delay
}

// sleep waits for d. It reports false where ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
