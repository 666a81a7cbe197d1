// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"sync"

	"exreach/probe/secure"

	"golang.org/x/sync/semaphore"
)

// A door is what a run knows of one port of one address.
type door struct {
	slots  *semaphore.Weighted // of the conversations, for all runs
	probed *gate               // opened when the first check has connected, or not

	mu       sync.Mutex
	talking  int     // connections
	accepted bool    // one of them
	answered bool    // on one of them
	doubted  bool    // it turned a connect away, perhaps for the sake of others
	forAll   *Result // what every other check of this port will find, too

	greeting secure.Hello // the one that is answered here
	size     int          // of it, and of the one that is not; 0 where the size is not why
	failed   int
}

// close notes what every later check of the port will find: one that failed
// before anything of its own was said.
func (d *door) noteForAll(res Result) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forAll = &res
}

// closed returns what an earlier check of the port found, or nil.
func (d *door) resultForAll() *Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.forAll
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

// tell notes in what a handshake showed that the usual hello would have failed.
func (d *door) noteHello(t *secure.Shown) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t != nil && t.Hello == 0 {
		t.Hello, t.HelloFailed = d.size, d.failed
	}
}

// talk notes a connection, until it is told that it is over, and whether the peer
// has answered anything.
func (d *door) talk() (over func(answered bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.talking++
	d.accepted = true
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

// hasAccepted reports whether the port has accepted a connection in this run.
func (d *door) hasAccepted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.accepted
}

// doubt notes that the port is asked alone from now on.
func (d *door) doubt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.doubted = true
}

func (d *door) inDoubt() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.doubted
}
