// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net"
	"slices"
	"sync"
	"time"

	"exreach/probe/socket"
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
