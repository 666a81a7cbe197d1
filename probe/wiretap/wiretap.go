// SPDX-License-Identifier: Apache-2.0

// Package wiretap collects what a check sent and received on all its connections, for
// comparing it with what the far end saw.
package wiretap

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/probe/far"
	"exreach/probe/socket"
	"exreach/probe/tape"
)

// mostCalls is how many calls of a check are kept.
const mostCalls = 16

// keptBytes is how many of the first bytes of each direction a Flow has: enough for the
// lines in which devices change mail and the web, and for a ClientHello.
const keptBytes = 8 << 10

// A Wiretap collects the calls of one check. Its conversations may be side by side. A nil
// Wiretap collects nothing.
type Wiretap struct {
	mu    sync.Mutex // guards calls
	calls []*call
}

// A call is a Call while it goes on.
type call struct {
	far.Call
	tape *tape.Tape
}

// Missed notes a connect that came to nothing.
func (w *Wiretap) Missed(began time.Time, err error) {
	if w != nil {
		w.add(&call{Call: far.Call{Local: socket.LocalOf(err), At: began, Took: time.Since(began), Missed: true}, tape: &tape.Tape{}})
	}
}

// Record returns a connection that was opened, with everything on tape from now on. The
// caller calls over when it is closed.
func (w *Wiretap) Record(conn net.Conn) (taped net.Conn, over func(certificate string)) {
	if w == nil {
		return conn, func(string) {}
	}
	c := &call{Call: far.Call{Local: localEnd(conn), At: time.Now()}, tape: &tape.Tape{Keep: keptBytes}}
	w.add(c)
	return c.tape.Record(conn), func(certificate string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		c.Took, c.Certificate = time.Since(c.At), certificate
	}
}

func (w *Wiretap) add(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls = append(w.calls, c); len(w.calls) > mostCalls {
		w.calls = slices.Delete(w.calls, 0, 1)
	}
}

// Wire returns what was collected so far; nil for a nil Wiretap.
func (w *Wiretap) Wire() *far.Wire {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	found := &far.Wire{}
	for _, c := range w.calls {
		c.Sent, c.Received = c.tape.Sent(), c.tape.Received()
		found.Calls = append(found.Calls, c.Call)
	}
	return found
}

// localEnd returns this machine's end of a connection.
func localEnd(conn net.Conn) netip.AddrPort {
	switch a := conn.LocalAddr().(type) {
	case *net.TCPAddr:
		return unmapped(a.AddrPort())
	case *net.UDPAddr:
		return unmapped(a.AddrPort())
	}
	return netip.AddrPort{}
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
