// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"exreach/probe/protocol"
)

// This file is the only one that waits for a turn. A check waits for its turns in
// this order, and keeps each while it waits for the next, so no two checks can wait
// for one another:
//
//  1. a place among the checks of all runs (place)
//  2. its host's turn, which a gentle run gives to one check at a time (enter)
//  3. a place at its port (enter)
//  4. until the first check of the port knows whether anything answers there (enter)
//  5. where its answer is in doubt: a share of the host (alone)
//  6. a place among the connects of the host, then of all runs (mayConnect)
//  7. the pace of the host, then of all runs (mayConnect)
//  8. a place among the conversations of the host, then of all runs; those of 6 and 7
//     are given back then (mayTalk)
//  9. the one login of its host, then room among those of all runs (login)
//
// A witness has a place of its own (witnessPlace). A host that has all its results
// waits until some of those before it were taken (awaitRoom), and holds nothing
// meanwhile.

var errTurn = errors.New("it was not its turn")

// take waits for n places in each of slots, in their order. It returns how they are
// given back.
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

// unread is how many hosts may wait with all their results until no further one is
// begun.
const mostUnread = 32

// awaitRoom waits until few hosts are done and not taken. The room is to be given
// back; once ctx has ended there is no need to wait.
func (r *run) awaitRoom(ctx context.Context) (release func()) {
	release, err := take(ctx, 1, r.unread)
	if err != nil {
		return func() {}
	}
	return release
}

// place waits for a place for one more check. Once ctx has ended there is no need
// for one: the check says so and is over.
func (r *run) checkSlot(ctx context.Context) (release func()) {
	release, err := take(ctx, 1, r.shared.slots.checks)
	if err != nil {
		return func() {}
	}
	return release
}

// enter waits until a check may be asked: it has its host's turn, its place at the
// port, and the first check of the port has found out whether anything answers there,
// so that a dropped port is asked at once and not by every check.
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

// takeHost waits for the host's turn, with nothing else in hand.
func (a *asking) awaitHostTurn(ctx context.Context) (leave func(), err error) {
	return take(ctx, 1, a.host.slots.turn)
}

// takeShare waits until no more than the rest of the host is asked again.
func (c *crowd) takeShare(ctx context.Context, share int64) (release func(), err error) {
	return take(ctx, share, c.shares)
}

// mayConnect waits for a place among those who connect, and over TCP for the pace.
func (c *conversation) mayConnect(ctx context.Context, paced bool) (release func(), err error) {
	defer c.stopClock()()
	all, host := &c.run.shared.slots, c.host.slots
	if release, err = take(ctx, 1, host.connects, all.connects); err != nil || !paced {
		return release, err
	}
	if err := all.await(ctx, host.pace); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// await waits until a first connect may be sent. Only one check waits for the pace
// of all at a time. Otherwise the second tries of some checks would queue behind the
// first tries of all the others.
func (p *slots) await(ctx context.Context, host *rate.Limiter) error {
	if p.pace == nil && host == nil {
		return nil
	}
	if !sleep(ctx, pay(1, host)) {
		return errTurn
	}
	release, err := take(ctx, 1, p.first)
	if err != nil {
		return err
	}
	defer release()
	if !sleep(ctx, pay(1, p.pace)) {
		return errTurn
	}
	return nil
}

// mayTalk waits for a place among the conversations.
func (c *conversation) mayTalk(ctx context.Context) (release func(), err error) {
	defer c.stopClock()()
	return take(ctx, 1, c.host.slots.talks, c.run.shared.slots.talks)
}

// witnessPlace waits for a place among the witnesses.
func (r *run) witnessSlot() (release func(), err error) {
	return take(r.ctx, 1, r.shared.slots.witnesses)
}

// login waits until a login on host may begin, and returns how it ends: with what
// it has shown, and whether the server proved who it is. Its error says why there
// may be no login.
func (l *ledger) login(ctx context.Context, host string) (end func(o protocol.Outcome, known bool), err error) {
	h := l.use(host)
	release, err := take(ctx, 1, h.turn)
	if err != nil {
		l.leave(host, h)
		return nil, errLoginsSlow
	}
	weight, err := l.awaitRoom(ctx, h)
	if err != nil {
		release()
		l.leave(host, h)
		return nil, err
	}
	return func(o protocol.Outcome, known bool) {
		l.note(h, host, o, known)
		l.room.Release(weight)
		release()
		l.leave(host, h)
	}, nil
}

// awaitRoom waits for room among the logins. What one weighs may change meanwhile.
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

// A gate lets the first through, and the others once it has been opened.
type gate struct {
	first chan struct{} // holds one ticket, for the first
	free  chan struct{} // closed when the gate is opened
	once  sync.Once
}

func newGate() *gate {
	g := &gate{first: make(chan struct{}, 1), free: make(chan struct{})}
	g.first <- struct{}{}
	return g
}

// isFirst reports whether the caller is the one who finds out what the others wait
// for, and opens the gate then.
func (g *gate) isFirst() bool {
	select {
	case <-g.first:
		return true
	default:
		return false
	}
}

// open lets everybody through. It may be called more than once.
func (g *gate) letAll() { g.once.Do(func() { close(g.free) }) }

// await lets the first through at once, and the others once the gate is open. It
// reports whether that was before ctx ended.
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

// together is how many connects may be sent at one time: a try, and its witness.
const together = 2

// newPace is a limiter for connects, one each time on average.
func newPace(each time.Duration) *rate.Limiter {
	if each == 0 {
		return nil
	}
	return rate.NewLimiter(rate.Every(each), together)
}

// atOnce is the time of a timer that need not wait. Nothing at all would be as good,
// but many such timers crash the race detector in the bubbles of package synctest
// (golang/go#78156).
const atOnce = time.Nanosecond

// pay reserves n connects with each of limiters, and returns how long they have to
// wait for that. A nil limiter wants nothing.
func pay(n int, limiters ...*rate.Limiter) time.Duration {
	now, delay := time.Now(), atOnce
	for _, l := range limiters {
		if l != nil {
			delay = max(delay, l.ReserveN(now, n).DelayFrom(now))
		}
	}
	return delay
}

// wait sleeps, unless ctx ends first.
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
