// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net"
	"sync"
	"time"
)

// A leash is a connection that can be told once and for all that its time is
// over. Deadlines end a conversation; closing it under a reader would make a
// silent peer look like one that hung up.
type leash struct {
	net.Conn
	limit time.Time // of the whole check; zero is none

	mu   sync.Mutex
	over bool
}

func newLeash(conn net.Conn, limit time.Time) *leash {
	l := &leash{Conn: conn, limit: limit}
	_ = l.SetDeadline(limit)
	return l
}

// SetDeadline moves the deadline, but never past the check's own and never
// once the time is over.
func (l *leash) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil
	}
	return l.Conn.SetDeadline(l.bounded(t))
}

// SetReadDeadline is like SetDeadline.
func (l *leash) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil
	}
	return l.Conn.SetReadDeadline(l.bounded(t))
}

// SetWriteDeadline is like SetDeadline.
func (l *leash) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return nil
	}
	return l.Conn.SetWriteDeadline(l.bounded(t))
}

func (l *leash) bounded(t time.Time) time.Time {
	if t.IsZero() || !l.limit.IsZero() && t.After(l.limit) {
		return l.limit
	}
	return t
}

// expire ends every read and write, now and later.
func (l *leash) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	_ = l.Conn.SetDeadline(time.Unix(1, 0))
}

// A recorder keeps the first bytes that a connection delivered.
type recorder struct {
	net.Conn
	mu    sync.Mutex // go-ldap reads on a goroutine of its own
	first []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.mu.Lock()
	defer r.mu.Unlock()
	if room := evidenceSize - len(r.first); room > 0 && n > 0 {
		r.first = append(r.first, b[:min(n, room)]...)
	}
	return n, err
}

// head returns the first bytes that were read.
func (r *recorder) head() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}
