// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"exreach/probe/protocol"
	"exreach/probe/socket"
	"exreach/probe/wiretap"
)

// A leash is the connection of a conversation; expire ends its time once and for all.
// It does so by deadlines: closing it under a reader would make a silent peer look like
// one that hung up.
type leash struct {
	net.Conn
	limit time.Time // when the whole check's time is over; zero is never

	mu      sync.Mutex // guards the fields below
	expired bool
	heard   time.Time       // when the peer said something last, or connected
	asked   bool            // something was sent
	state   socket.TCPState // before the last of it was sent
}

func newLeash(conn net.Conn, limit time.Time) *leash {
	l := &leash{Conn: conn, limit: limit, heard: time.Now()}
	_ = l.SetDeadline(limit)
	return l
}

func (l *leash) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.mu.Lock()
		l.heard = time.Now()
		l.mu.Unlock()
	}
	return n, err
}

// Write notes the state of TCP before each question.
func (l *leash) Write(b []byte) (int, error) {
	state, _ := socket.TCPStateOf(l.Conn)
	l.mu.Lock()
	l.asked, l.state = true, state
	l.mu.Unlock()
	return l.Conn.Write(b)
}

// delivery returns what became of the last question; "" where the system does not say.
func (l *leash) delivery() Delivery {
	now, ok := socket.TCPStateOf(l.Conn)
	if !ok {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return deliveryOf(l.state, now, l.asked)
}

// quiet returns how long the peer has said nothing.
func (l *leash) quiet() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Since(l.heard)
}

// SetDeadline moves the deadline, but never past the check's own, and not at all after
// expire. The zero time stands for the check's own deadline.
func (l *leash) SetDeadline(t time.Time) error { return l.move(l.Conn.SetDeadline, t) }

// SetReadDeadline is like SetDeadline.
func (l *leash) SetReadDeadline(t time.Time) error { return l.move(l.Conn.SetReadDeadline, t) }

// SetWriteDeadline is like SetDeadline.
func (l *leash) SetWriteDeadline(t time.Time) error { return l.move(l.Conn.SetWriteDeadline, t) }

func (l *leash) move(set func(time.Time) error, t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.expired {
		return nil
	}
	if t.IsZero() || !l.limit.IsZero() && t.After(l.limit) {
		t = l.limit
	}
	return set(t)
}

// expire ends every read and write, now and later.
func (l *leash) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.expired = true
	_ = l.Conn.SetDeadline(time.Unix(1, 0))
}

// A recorder keeps the first bytes that a connection delivered, for Result.Evidence. It
// reads what is there, however little its reader asks for: when a protocol gives up on
// the first foreign byte, there is more to show than that byte.
type recorder struct {
	net.Conn
	ahead []byte // bytes read that the reader has not asked for yet

	mu    sync.Mutex // guards the fields below: go-ldap reads on a goroutine of its own
	first []byte
	total int       // bytes in all
	last  time.Time // when the last of them came
	mark  watch     // for the mark of a stand-in
}

func (r *recorder) Read(b []byte) (int, error) {
	if len(r.ahead) == 0 {
		if len(b) >= evidenceSize {
			n, err := r.Conn.Read(b)
			r.keep(b[:n])
			return n, err
		}
		scratch := make([]byte, evidenceSize)
		n, err := r.Conn.Read(scratch)
		r.keep(scratch[:n])
		r.ahead = scratch[:n]
		if n == 0 {
			return 0, err
		}
	}
	n := copy(b, r.ahead)
	r.ahead = r.ahead[n:]
	return n, nil
}

func (r *recorder) keep(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(b) > 0 {
		r.total, r.last = r.total+len(b), time.Now()
		r.mark.see(b)
	}
	room := evidenceSize - len(r.first)
	r.first = append(r.first, b[:min(len(b), room)]...)
}

// heard returns how many bytes have come so far, and when the last of them came.
func (r *recorder) heard() (total int, last time.Time) {
	if r == nil {
		return 0, time.Time{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total, r.last
}

// head returns the first bytes that were read.
func (r *recorder) head() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.first)
}

// markWithin is how many of a peer's first bytes may bear the mark of a stand-in. An answer
// over HTTP has it in its headers, and one over LDAP before its first 16 KiB end.
const markWithin = 16 << 10

// standIn reports whether the peer bears the mark of a stand-in: in the bytes that it said,
// under TLS where there was TLS, or in the name of the authority of its certificate.
func (c *conversation) standIn() bool {
	if c.tls != nil && len(c.tls.Chain) > 0 && strings.Contains(c.tls.Chain[0].Issuer, protocol.Mark) {
		return true
	}
	return c.raw.marked() || c.words.marked() || c.hears.marked()
}

// marked reports whether what was read bears the mark.
func (r *recorder) marked() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mark.seen
}

// A watch looks for the mark in bytes that come in pieces. It keeps what may be the mark's
// beginning, and no more.
type watch struct {
	seen   bool
	passed int    // bytes so far
	tail   []byte // the last of them
}

func (w *watch) see(b []byte) {
	if w.seen || w.passed >= markWithin {
		return
	}
	w.passed += len(b)
	w.tail = append(w.tail, b...)
	w.seen = bytes.Contains(w.tail, []byte(protocol.Mark))
	w.tail = append([]byte(nil), w.tail[max(0, len(w.tail)-len(protocol.Mark)+1):]...)
}

// farewell is how long a conversation on tape waits for the other side to hang up.
const farewell = 500 * time.Millisecond

// isProof reports whether both ends of the conversation are compared to the byte. Only a
// stand-in gets a token; a real server sees nothing of a tape.
func (c *conversation) isProof() bool { return c.wiretap != nil && c.run.pool.Token != "" }

// hearToTheEnd says that we have no more to say, and reads what is left until the other
// side hangs up: two tapes of one connection are equal only if it was read to its end.
func (c *conversation) hearToTheEnd() {
	line := c.line.Load()
	if !c.isProof() || line == nil || c.onTape == nil || !c.overTCP() || c.err != nil {
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
	if !c.isProof() {
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

// wiretapOf returns nil unless the pool wants what was sent and received.
func wiretapOf(p *Pool) *wiretap.Wiretap {
	if !p.Taped {
		return nil
	}
	return &wiretap.Wiretap{}
}

// record returns a connection that was opened, on tape if the pool wants it.
func (c *conversation) record(conn net.Conn) net.Conn {
	taped, over := c.wiretap.Record(conn)
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
