// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// few is how many conversations a host may have and still count as quiet: a slow service
// must not hold up all the others, and no limit of connections is so low.
const few = 2

// remembers is how long firewalls may go on counting a connection that is over: a check
// that asks sooner is not alone.
const remembers = 100 * time.Millisecond

// settle is how long a host must be quiet while more checks of it have yet to begin.
const settle = 5 * time.Millisecond

// A crowd is all that this run has going on at one host. Servers and firewalls
// limit the connections of a source, so a port may turn a connect away because of
// the others.
type crowd struct {
	shares *semaphore.Weighted // checks that ask alone take some (askAlone); one that holds all is alone

	// Decided once for the whole host.
	mutes   atomic.Bool  // an ICMP message did not come again
	aired   atomic.Bool  // a first port was asked alone several times in a row (asks)
	sampled atomic.Int64 // refusals that asked to be among the samples (isWorthIt)

	mu sync.Mutex // guards the fields below

	// Counted.
	coming      int       // checks of the plan that have not begun
	begun, over int       // checks that have, and those that have ended
	asking      int       // checks that are under way and wait for no other
	joined      int       // checks that have begun to ask, all in all
	open, most  int       // connections now, and the most there were at once
	packed      time.Time // when more than a few were last open
	closed      time.Time // when one was last closed; zero: never
	doubts      int       // refusals that are in doubt and have not been asked again
	breaths     int       // how often something was asked alone

	limited bool          // decided: the host, or a firewall before it, limits connections
	changed chan struct{} // closed when something above changes that a check may wait for
}

// Shares of a crowd, of which there are wholeHost.
const (
	wholeHost = 4
	halfHost  = 2
	quarter   = 1
)

// newCrowd returns the crowd of a plan with so many checks.
func newCrowd(checks int) *crowd {
	return &crowd{shares: semaphore.NewWeighted(wholeHost), coming: checks, changed: make(chan struct{})}
}

// begin notes that a check of the host has begun.
func (c *crowd) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun++
	c.coming--
}

// end notes that a check is over.
func (c *crowd) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over++; c.begun-c.over == 1 {
		c.wake()
	}
}

// A company is a check that asks among the others of its host, from join to leave.
type company struct {
	crowd  *crowd
	joined int  // crowd.joined when it began
	lonely bool // no other was asking when it began, nor had just done so
}

// join notes that a check begins to ask. The first of several may not be alone:
// connections of an earlier run may still count.
func (c *crowd) join() company {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asking++
	c.joined++
	first := c.joined == 1 && c.coming > 0
	return company{c, c.joined, !first && c.asking == 1 && c.open == 0 && time.Since(c.closed) > remembers}
}

// leave notes that the check has asked, and reports whether it was alone all the while.
func (in company) leave() (lonely bool) {
	c := in.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asking--; c.asking <= few {
		c.wake()
	}
	return in.lonely && c.joined == in.joined
}

// opened notes that a connection is open. The caller calls closed once it is closed.
func (c *crowd) opened() (closed func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	c.most = max(c.most, c.open)
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.closed = time.Now()
		if c.open > few {
			c.packed = c.closed
		}
		c.open--
	})
}

// touch notes a connection that was opened and is closed again.
func (c *crowd) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = time.Now()
}

// awaitForgotten waits until firewalls have forgotten all connections of this run to
// the host. It reports whether there were any; it reports false as soon as a check has
// found a limit, or where ctx ends first.
func (c *crowd) awaitForgotten(ctx context.Context) bool {
	for {
		c.mu.Lock()
		closed, limited := c.closed, c.limited
		c.mu.Unlock()
		left := remembers - time.Since(closed)
		switch {
		case closed.IsZero() || limited:
			return false
		case left < 0:
			return true
		case !sleep(ctx, left+time.Millisecond):
			return false
		}
	}
}

// wasPacked reports whether more than a few connections were open at some time since t.
func (c *crowd) wasPacked(t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open > few || !c.packed.Before(t)
}

// atMost returns the most connections that were open at once.
func (c *crowd) atMost() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.most
}

// addDoubt notes a result that is in doubt and must be asked again.
func (c *crowd) addDoubt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubts++
}

// endDoubt notes that a result in doubt has been asked again.
func (c *crowd) endDoubt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.doubts--; c.doubts == 0 {
		c.wake()
	}
}

// limit notes that the host, or a firewall before it, limits connections.
func (c *crowd) limit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.limited {
		c.limited = true
		c.wake()
	}
}

func (c *crowd) isLimited() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.limited
}

// wake wakes all checks that await something. The caller holds mu.
func (c *crowd) wake() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// await waits until a condition holds; it calls holds with mu held. It reports false
// where ctx ended first.
func (c *crowd) await(ctx context.Context, holds func() bool) bool {
	for {
		c.mu.Lock()
		done, changed := holds(), c.changed
		c.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		}
	}
}

// awaitQuiet waits until few checks of the host are asking, and no others are about
// to begin.
func (c *crowd) awaitQuiet(ctx context.Context) bool {
	return c.awaitCalm(ctx, func() bool { return c.asking <= few })
}

// awaitEnd waits until all other checks of the host are over.
func (c *crowd) awaitEnd(ctx context.Context) bool {
	return c.awaitCalm(ctx, func() bool { return c.begun-c.over <= 1 })
}

// awaitCalm waits until a condition holds and all checks of the host have begun.
// Checks that have yet to begin may have to wait, because other hosts have the slots: then
// it is enough that the condition still holds after settle, and none has begun meanwhile.
func (c *crowd) awaitCalm(ctx context.Context, holds func() bool) bool {
	for {
		begun, coming := 0, 0
		if !c.await(ctx, func() bool { begun, coming = c.begun, c.coming; return holds() }) {
			return false
		}
		if coming <= 0 {
			return true
		}
		if !sleep(ctx, settle) {
			return false
		}
		c.mu.Lock()
		calm := holds() && c.begun == begun
		c.mu.Unlock()
		if calm {
			return true
		}
	}
}

// awaitDecision waits until it is known whether the host limits connections: every check
// in doubt has been asked again, or one of them has found the limit.
func (c *crowd) awaitDecision(ctx context.Context) (limited bool) {
	return c.await(ctx, func() bool { return c.limited || c.doubts == 0 }) && c.isLimited()
}
