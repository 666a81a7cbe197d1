// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"net"
	"sync"
	"time"
)

// A leash is a connection that ends when it was silent too long, or took too long. Deadlines
// that are set on it can only be earlier.
type leash struct {
	net.Conn
	mu            sync.Mutex // guards all below
	idle          time.Duration
	end           time.Time
	reads, writes time.Time // the deadlines that were asked for
}

func newLeash(conn net.Conn, idle, whole time.Duration) *leash {
	return &leash{Conn: conn, idle: idle, end: time.Now().Add(whole)}
}

// stretch gives the connection other limits from now on.
func (l *leash) stretch(idle, whole time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.idle, l.end = idle, time.Now().Add(whole)
}

// until returns the earliest deadline.
func (l *leash) until(asked time.Time) time.Time {
	until := l.end
	if silent := time.Now().Add(l.idle); l.idle > 0 && silent.Before(until) {
		until = silent
	}
	if !asked.IsZero() && asked.Before(until) {
		until = asked
	}
	return until
}

func (l *leash) Read(b []byte) (int, error) {
	if err := l.mayRead(); err != nil {
		return 0, err
	}
	return l.Conn.Read(b)
}

func (l *leash) Write(b []byte) (int, error) {
	if err := l.mayWrite(); err != nil {
		return 0, err
	}
	return l.Conn.Write(b)
}

func (l *leash) mayRead() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Conn.SetReadDeadline(l.until(l.reads))
}

func (l *leash) mayWrite() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Conn.SetWriteDeadline(l.until(l.writes))
}

func (l *leash) SetDeadline(t time.Time) error {
	if err := l.SetReadDeadline(t); err != nil {
		return err
	}
	return l.SetWriteDeadline(t)
}

func (l *leash) SetReadDeadline(t time.Time) error {
	l.mu.Lock()
	l.reads = t
	l.mu.Unlock()
	return l.mayRead()
}

func (l *leash) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	l.writes = t
	l.mu.Unlock()
	return l.mayWrite()
}
