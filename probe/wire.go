// SPDX-License-Identifier: Apache-2.0

package probe

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

// A wiretap collects the calls of one check. Its conversations may be side by side. A nil
// wiretap collects nothing.
type wiretap struct {
	mu    sync.Mutex // guards calls
	calls []*call
}

// A call is a Call while it goes on.
type call struct {
	far.Call
	tape *tape.Tape
}

// newWiretap returns nil unless the pool wants what was sent and received.
func (r *run) newWiretap() *wiretap {
	if !r.pool.Taped {
		return nil
	}
	return &wiretap{}
}

// missed notes a connect that came to nothing.
func (w *wiretap) missed(began time.Time, err error) {
	if w != nil {
		w.add(&call{Call: far.Call{Local: socket.LocalOf(err), At: began, Took: time.Since(began), Missed: true}, tape: &tape.Tape{}})
	}
}

// record returns a connection that was opened, with everything on tape from now on. The
// caller calls over when it is closed.
func (w *wiretap) record(conn net.Conn) (taped net.Conn, over func(certificate string)) {
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

func (w *wiretap) add(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls = append(w.calls, c); len(w.calls) > mostCalls {
		w.calls = slices.Delete(w.calls, 0, 1)
	}
}

// wire returns what was collected so far; nil for a nil wiretap.
func (w *wiretap) wire() *far.Wire {
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

// farewell is how long a conversation on tape waits for the other side to hang up.
const farewell = 500 * time.Millisecond

// hearToTheEnd says that we have no more to say, and reads what is left until the other
// side hangs up: two tapes of one connection are equal only if it was read to its end.
func (c *conversation) hearToTheEnd() {
	line := c.line.Load()
	if c.wiretap == nil || line == nil || c.onTape == nil || !c.overTCP() || c.err != nil {
		return
	}
	line.bidFarewell(c.secured)
	for rest := make([]byte, evidenceSize); ; {
		if _, err := c.onTape.Read(rest); err != nil {
			return
		}
	}
}

// A halfCloser is a connection whose one direction can be closed.
type halfCloser interface{ CloseWrite() error }

// A lingering is a connection whose Close says only that we have no more to say, and lets
// what is left come for a while: go-ldap closes its connection while the server's
// close_notify is on its way.
type lingering struct {
	net.Conn
	line *leash
}

func (l lingering) Close() error {
	l.line.bidFarewell(l.Conn)
	return nil
}

// untilHeard returns a TLS connection that is heard to its end if it is on tape.
func (c *conversation) untilHeard(secured net.Conn) net.Conn {
	if c.wiretap == nil {
		return secured
	}
	return lingering{secured, c.line.Load()}
}

// bidFarewell says that we have no more to say, under TLS as well where there is TLS, and
// leaves the other side a while to say the rest.
func (l *leash) bidFarewell(secured net.Conn) {
	if tls, ok := secured.(halfCloser); ok {
		_ = tls.CloseWrite()
	}
	if tcp, ok := l.Conn.(halfCloser); ok {
		_ = tcp.CloseWrite()
	}
	_ = l.SetDeadline(time.Now().Add(farewell))
}

// record returns a connection that was opened, on tape if the pool wants it.
func (c *conversation) record(conn net.Conn) net.Conn {
	taped, over := c.wiretap.record(conn)
	c.taped, c.onTape = over, taped
	return taped
}

// endTape ends the tape of the connection that was closed.
func (c *conversation) endTape() {
	if c.taped == nil {
		return
	}
	certificate := ""
	if c.tls != nil && len(c.tls.Chain) > 0 {
		certificate = c.tls.Chain[0].SHA256
	}
	c.taped(certificate)
	c.taped = nil
}
