// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"cmp"
	"net/netip"
	"sync"
	"time"
)

// Limits bound what clients can take from a Server. A value of zero stands for the
// default: of a Guarded server what GuardedLimits has, of any other no limit.
type Limits struct {
	Conversations int           // at a time
	PerSource     int           // conversations of one source at a time
	Rate          float64       // new connections of one source in a second, in the long run; as many datagrams, too
	Burst         int           // new connections, or datagrams, of one source at once
	Idle          time.Duration // how long a conversation may be silent
	Whole         time.Duration // how long a conversation may take; 30 s where there are no limits
	Contacts      int           // at a time, that have proved the code; the others are few
}

// GuardedLimits are the limits of a Guarded server. A checker has 48 connections open at
// once, and opens a few hundred in some seconds.
func GuardedLimits() Limits {
	return Limits{
		Conversations: 512, PerSource: 128, Rate: 100, Burst: 600,
		Idle: time.Minute, Whole: 3 * time.Minute, Contacts: 64,
	}
}

// or fills in what is zero.
func (l Limits) or(d Limits) Limits {
	return Limits{
		Conversations: cmp.Or(l.Conversations, d.Conversations),
		PerSource:     cmp.Or(l.PerSource, d.PerSource),
		Rate:          cmp.Or(l.Rate, d.Rate),
		Burst:         cmp.Or(l.Burst, d.Burst),
		Idle:          cmp.Or(l.Idle, d.Idle),
		Whole:         cmp.Or(l.Whole, d.Whole),
		Contacts:      cmp.Or(l.Contacts, d.Contacts),
	}
}

// limits returns the limits that are on.
func (s *Server) limits() Limits {
	if s.Guarded {
		return s.Limits.or(GuardedLimits())
	}
	return s.Limits.or(Limits{Whole: conversationLimit})
}

// conversationLimit bounds one conversation of a server without limits.
const conversationLimit = 30 * time.Second

// fewGuests is how many sources a door remembers before it looks whom it can forget, and
// mostGuests is how many it lets in at all.
const fewGuests, mostGuests = 1024, 1 << 16

// A door counts who is in.
type door struct {
	limits   Limits
	mu       sync.Mutex // guards all below
	in       int
	contacts int // that have proved the code
	hopeful  int // contacts that have not
	guests   map[netip.Addr]*guest
	sweepAt  int // guests
}

// A guest is a source, or an IPv6 network of 64 bits: one machine has all of its addresses.
type guest struct {
	in      int
	hopeful int       // contacts that have not proved the code
	left    float64   // new connections that it may open at once
	since   time.Time // when that was
}

func newDoor(l Limits) *door {
	return &door{limits: l, guests: map[netip.Addr]*guest{}, sweepAt: fewGuests}
}

// enter lets a conversation in, unless its source or all together have too many. One that
// is expected has room kept for it. The caller calls leave at its end.
func (d *door) enter(source netip.Addr, expected bool) (leave func(), ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.guest(source)
	if g == nil || !d.mayOpen(g) {
		return nil, false
	}
	room := d.limits.Conversations
	if expected {
		room += d.limits.PerSource
	}
	if over(d.in, room) || over(g.in, d.limits.PerSource) {
		return nil, false
	}
	d.in++
	g.in++
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.in--
		g.in--
	}, true
}

// passes counts one more of a source, which does not stay, against its rate.
func (d *door) passes(source netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.guest(source)
	return g != nil && d.mayOpen(g)
}

// over reports whether one more is too many; a limit of 0 is none.
func over(n, limit int) bool { return limit > 0 && n >= limit }

// mayOpen counts a new connection against the rate of its source.
func (d *door) mayOpen(g *guest) bool {
	if d.limits.Rate == 0 {
		return true
	}
	now := time.Now()
	g.left = min(float64(d.limits.Burst), g.left+now.Sub(g.since).Seconds()*d.limits.Rate)
	g.since = now
	if g.left < 1 {
		return false
	}
	g.left--
	return true
}

// guest returns the guest of a source; nil if there are too many.
func (d *door) guest(source netip.Addr) *guest {
	if source.Is6() {
		if network, err := source.Prefix(64); err == nil {
			source = network.Addr()
		}
	}
	g := d.guests[source]
	if g != nil {
		return g
	}
	if len(d.guests) >= d.sweepAt {
		d.sweep()
	}
	if len(d.guests) >= mostGuests {
		return nil
	}
	g = &guest{left: float64(d.limits.Burst), since: time.Now()}
	d.guests[source] = g
	return g
}

// sweep forgets the guests that are out and may open as many connections as a new one.
func (d *door) sweep() {
	for source, g := range d.guests {
		if g.in == 0 && g.left+time.Since(g.since).Seconds()*d.limits.Rate >= float64(d.limits.Burst) {
			delete(d.guests, source)
		}
	}
	d.sweepAt = max(fewGuests, 2*len(d.guests))
}
