// SPDX-License-Identifier: Apache-2.0

package far

import (
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
)

// A pair is a connection of this end, and how it arrived.
type pair struct {
	call Call
	came *Arrival // nil if it did not
}

// slack is how far apart both ends may note one connection: a lost SYN is sent again for a
// few seconds.
const slack = 5 * time.Second

// match finds for each connection of these checks the arrival that belongs to it. First come
// those with the same source port, then those whose bytes are the same, and last those of the
// same time. No arrival is taken twice, nor one that m.Taken has.
func match(checks [][]pair, came []*Arrival, m Meeting) {
	for _, fits := range []func(Call, *Arrival) bool{m.samePort, m.sameBytes, m.sameTime} {
		for _, pairs := range checks {
			for i := range pairs {
				p := &pairs[i]
				if p.came != nil {
					continue
				}
				if p.came = m.nearest(p.call, came, fits); p.came != nil {
					m.Taken[p.came.identity()] = true
				}
			}
		}
	}
}

// An identity tells one arrival of a record from the others.
type identity struct {
	network catalog.Network
	port    uint16
	from    netip.AddrPort
	at      time.Time
}

func (a *Arrival) identity() identity { return identity{a.Network, a.Port, a.From, a.At.UTC()} }

// Taken is arrivals that belong to connections.
type Taken map[identity]bool

// nearest returns the arrival that fits the call and is closest to it in time; nil if none
// does.
func (m Meeting) nearest(c Call, came []*Arrival, fits func(Call, *Arrival) bool) (found *Arrival) {
	for _, a := range came {
		if !m.Taken[a.identity()] && m.during(c, a) && fits(c, a) && (found == nil || m.apart(c, a) < m.apart(c, found)) {
			found = a
		}
	}
	return found
}

// during reports whether the arrival was there while the call went on. Where the clocks tell
// nothing, it may have been.
func (m Meeting) during(c Call, a *Arrival) bool {
	if m.Loose > tooLoose {
		return true
	}
	at, wide := a.At.Add(-m.Ahead), m.Loose+slack
	return !at.Before(c.At.Add(-wide)) && !at.After(c.At.Add(c.Took+wide))
}

// apart is the time between the beginnings of a call and of an arrival.
func (m Meeting) apart(c Call, a *Arrival) time.Duration { return a.At.Add(-m.Ahead).Sub(c.At).Abs() }

func (m Meeting) samePort(c Call, a *Arrival) bool {
	return c.Local.IsValid() && a.From.Port() == c.Local.Port() && (a.Token || m.knows(a))
}

// knows reports whether the arrival is from one of our addresses.
func (m Meeting) knows(a *Arrival) bool { return slices.Contains(m.Seen, a.From.Addr().Unmap()) }

// sameBytes reports whether the call and the arrival have bytes in common: their port
// was changed on the way.
func (m Meeting) sameBytes(c Call, a *Arrival) bool {
	going := c.Sent.Bytes > 0 && c.Sent.Equals(a.Received)
	coming := c.Received.Bytes > 0 && c.Received.Equals(a.Sent)
	return m.isFree(a) && (a.Token || m.knows(a)) && (going || coming)
}

// sameTime reports whether the call may have become the arrival, by nothing but their time.
// A call that did not come about is at most half-open at the far end. Where ports are kept,
// one that arrived from our address and another port is none of this run, but for what a
// proxy on the way makes of it, which uses ports of its own.
func (m Meeting) sameTime(c Call, a *Arrival) bool {
	switch {
	case m.Loose > tooLoose || !m.isFree(a):
		return false
	case c.Missed && a.Network == catalog.TCP && !a.HalfOpen:
		return false
	case a.Token && !m.knows(a): // through a proxy
		return true
	case m.PortsKept && c.Local.IsValid():
		return a.Token && !c.Missed
	}
	return m.knows(a)
}

// isFree reports whether the arrival may belong to a call of another source port. One from a
// port that this run used belongs to the call of that port, unless ports are changed on the
// way.
func (m Meeting) isFree(a *Arrival) bool {
	return a.Token || !m.PortsKept || !m.Ours[a.From.Port()] || !m.knows(a)
}

// strangers reports whether something arrived from none of our addresses while the check went
// on. Only the record of all that a listener saw has such arrivals.
func (m Meeting) strangers(near Near, came []*Arrival) bool {
	return slices.ContainsFunc(came, func(a *Arrival) bool {
		return !a.Token && !m.knows(a) && slices.ContainsFunc(near.Wire.Calls, func(c Call) bool { return m.during(c, a) })
	})
}
