// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"exreach/probe/secure"
)

// A door is what a run knows of one port of one address.
type door struct {
	slots  *semaphore.Weighted // of its conversations, in all runs
	probed *gate               // lets all through when the first check has connected, or has not

	forAll   atomic.Pointer[Result] // what every check of this port finds, because an earlier one failed before it said anything of its own
	doubtful atomic.Bool            // a connect was turned away, perhaps because of others: it is asked alone from now on
	accepted atomic.Bool            // a connection

	mu       sync.Mutex // protects what is below
	talking  int        // connections
	answered bool       // on one of them

	greeting secure.Hello // the one that is answered here
	size     int          // of it, and of the one that is not; 0 where the size is not why
	failed   int
}

// hello is how TLS is begun at this door.
func (d *door) hello() secure.Hello {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.greeting
}

// greetWith notes that another hello than the usual one is answered here.
func (d *door) greetWith(h secure.Hello, t *secure.Shown) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.greeting, d.size, d.failed = h, t.Hello, t.HelloFailed
}

// noteHello notes in what a handshake showed that the usual hello would have failed.
func (d *door) noteHello(t *secure.Shown) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t != nil && t.Hello == 0 {
		t.Hello, t.HelloFailed = d.size, d.failed
	}
}

// talk notes a connection. The caller calls over at its end, and says whether the
// peer has answered anything.
func (d *door) talk() (over func(answered bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.talking++
	d.accepted.Store(true)
	return func(answered bool) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.talking--
		d.answered = d.answered || answered
	}
}

// hasAnswered reports whether the port has answered in this run, or may be about to.
func (d *door) hasAnswered() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.answered || d.talking > 0
}
