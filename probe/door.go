// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sync/semaphore"

	"exreach/probe/secure"
)

// A door is what a run knows of one port of one address. The askings of the port share it.
type door struct {
	slots  *semaphore.Weighted // of its askings, in all runs
	probed *gate               // lets all through when the first check has connected, or is over

	forAll   atomic.Pointer[Result] // what every check of this port finds, because an earlier one failed before it said anything of its own
	doubtful atomic.Bool            // a result may be due to other connections: the port is asked alone from now on
	accepted atomic.Bool            // the port has accepted a connection

	mu       sync.Mutex // guards the fields below
	talking  int        // connections that are open
	answered bool       // the peer has answered on a connection

	greeting secure.Hello // the hello that the server answers here
	size     int          // of that hello; 0 where size was not why another failed
	failed   int          // size of the hello that it does not answer; 0 likewise
}

// hello returns how to begin TLS at this door.
func (d *door) hello() secure.Hello {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.greeting
}

// greetWith notes that the server answers another hello than the usual one here.
func (d *door) greetWith(h secure.Hello, t *secure.Shown) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.greeting, d.size, d.failed = h, t.Hello, t.HelloFailed
}

// noteHello notes in t that the usual hello fails at this door because of its size, if so.
func (d *door) noteHello(t *secure.Shown) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t != nil && t.Hello == 0 {
		t.Hello, t.HelloFailed = d.size, d.failed
	}
}

// talk notes that a connection is open. The caller calls over at its end, and says
// whether the peer has answered anything.
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
