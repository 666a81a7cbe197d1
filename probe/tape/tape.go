// SPDX-License-Identifier: Apache-2.0

// Package tape records what passes over a connection, for comparing its
// two ends: how many bytes, their hash, and the first of them. Both ends of a link use it:
// the checker's conversations, and the stand-in.
package tape

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net"
	"slices"
	"sync"
)

// A Flow is what passed in one direction.
type Flow struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256,omitempty"` // of all of them, in hexadecimal; absent if there are none
	Head   []byte `json:"head,omitempty"`   // the first of them, as many as the tape keeps
}

// Equals reports whether two flows are the same to the byte.
func (f Flow) Equals(g Flow) bool { return f.Bytes == g.Bytes && f.SHA256 == g.SHA256 }

// Differs returns the place of the first byte, from 0, in which what came differs from what
// was sent. It reports false if one is the beginning of the other, as far as their heads
// show.
func (f Flow) Differs(g Flow) (at int, differs bool) {
	n := min(len(f.Head), len(g.Head))
	for at := range n {
		if f.Head[at] != g.Head[at] {
			return at, true
		}
	}
	return 0, false
}

// Begins reports whether f may be the beginning of g, as far as their heads show.
func (f Flow) Begins(g Flow) bool {
	n := min(len(f.Head), len(g.Head))
	return f.Bytes <= g.Bytes && bytes.Equal(f.Head[:n], g.Head[:n])
}

// A Tape records one connection. The zero value keeps no heads. Its methods may be called
// while the connection is in use.
type Tape struct {
	Keep int // how many of the first bytes of each direction to keep

	mu             sync.Mutex // guards the fields below
	sent, received track
}

// A track is one direction of a tape.
type track struct {
	bytes int64
	sum   hash.Hash
	head  []byte
}

// Record returns conn, with everything that is read from it and written to it on the tape.
func (t *Tape) Record(conn net.Conn) net.Conn { return &taped{Conn: conn, tape: t} }

// Sent returns what was written so far.
func (t *Tape) Sent() Flow { return t.flow(&t.sent) }

// Received returns what was read so far.
func (t *Tape) Received() Flow { return t.flow(&t.received) }

func (t *Tape) flow(of *track) Flow {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := Flow{Bytes: of.bytes, Head: slices.Clone(of.head)}
	if of.sum != nil {
		f.SHA256 = hex.EncodeToString(of.sum.Sum(nil))
	}
	return f
}

func (t *Tape) note(on *track, b []byte) {
	if len(b) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if on.sum == nil {
		on.sum = sha256.New()
	}
	on.sum.Write(b) // never fails
	on.bytes += int64(len(b))
	on.head = append(on.head, b[:min(len(b), t.Keep-len(on.head))]...)
}

// A taped is a connection that is recorded.
type taped struct {
	net.Conn
	tape *Tape

	reading, writing sync.Mutex // held until the bytes are on the tape: who reads the end after another reader has all of it there
}

func (c *taped) Read(b []byte) (int, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	n, err := c.Conn.Read(b)
	c.tape.note(&c.tape.received, b[:n])
	return n, err
}

func (c *taped) Write(b []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	n, err := c.Conn.Write(b)
	c.tape.note(&c.tape.sent, b[:n])
	return n, err
}
