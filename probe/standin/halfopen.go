// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/socket/census"
)

// How often a server looks after what goes on. Where the system has so many connections that
// a look takes long, looks are fewer: they take one part of the time in mostBusy.
const (
	tendEvery  = 200 * time.Millisecond
	mostBusy   = 20
	showsAfter = time.Second // a half-open connection is told of: its SYN-ACK was sent again
)

// mostSightings is how many connections of sources that are not expected are watched.
const mostSightings = 4096

// tend ends flows that are over. A guarded server also watches the connections that never
// come to accept: half-open ones, and those of other programs' ports. It looks once more at
// the end, while the listeners are still open.
func (s *Server) tend() {
	l := &lookout{Server: s, known: map[pair]*sighting{}}
	guarded := s.Guarded
	ticks := time.NewTicker(tendEvery)
	defer ticks.Stop()
	for rest := (time.Time{}); ; {
		s.endFlows(flowIdle)
		if began := time.Now(); guarded && began.After(rest) {
			guarded = !errors.Is(l.look(), census.ErrUnknown)
			rest = began.Add(mostBusy * time.Since(began))
		}
		select {
		case <-s.ctx.Done():
			if l.last = true; guarded {
				_ = l.look() // that it is unknown was known before
			}
			return
		case <-ticks.C:
		}
	}
}

// A lookout watches the system's connections at the server's openings.
type lookout struct {
	*Server
	known  map[pair]*sighting
	looked bool
	last   bool // this is the last look: what is half-open now will not be accepted
}

// A sighting is a connection that the system knows.
type sighting struct {
	since time.Time
	entry *entry // nil if it is not recorded: yet, or because it was there before us
	old   bool   // it was there before us
	told  bool
	seen  bool // by the last look
}

// look looks once. A connection that is half-open for one look only is on its way to be
// accepted, unless there is no other look.
func (l *lookout) look() error {
	links, err := l.links(func(port uint16) bool {
		return slices.ContainsFunc(l.openings, func(o *opening) bool { return o.Network == catalog.TCP && o.real.Port() == port })
	})
	if err != nil {
		l.sees.Store(false)
		return err
	}
	l.sees.Store(true)
	for _, link := range links {
		o := l.at(link.Local)
		if o != nil && (o.State == far.Held || o.State == far.Open && link.State == census.SynReceived) {
			l.see(o, link)
		}
	}
	for p, k := range l.known {
		if !k.seen {
			l.gone(k)
			delete(l.known, p)
		}
		k.seen = false
	}
	l.looked = true
	return nil
}

// at returns the opening that a connection is at; nil if there is none.
func (l *lookout) at(local netip.AddrPort) *opening {
	for _, o := range l.openings {
		here := o.real.Addr()
		if o.Network == catalog.TCP && o.real.Port() == local.Port() && (here.IsUnspecified() || here == local.Addr()) {
			return o
		}
	}
	return nil
}

func (l *lookout) see(o *opening, link census.Link) {
	p, held := pair{o.Port, plainAddrPort(link.Remote)}, o.State == far.Held
	k := l.known[p]
	again := k != nil
	if !again {
		if len(l.known) >= mostSightings && !l.ledger.expects(p.from.Addr()) {
			return
		}
		k = &sighting{since: time.Now().UTC(), old: held && !l.looked}
		l.known[p] = k
	}
	if !held && k.entry == nil && (again || l.last) {
		k.entry = l.ledger.wait(far.Arrival{Network: catalog.TCP, Port: o.Port, From: p.from, At: k.since, HalfOpen: true})
	}
	k.seen = true
	if held && !k.old && k.entry == nil {
		k.entry = l.ledger.wait(far.Arrival{Network: catalog.TCP, Port: o.Port, From: p.from, At: k.since, Held: true})
	}
	if k.entry == nil {
		return
	}
	told, waits := l.ledger.stillWaits(k.entry, held && link.State == census.SynReceived || !held)
	if waits && !k.told && (held || time.Since(k.since) >= showsAfter) {
		k.told = true
		l.herald.tell(Came{told})
	}
}

// gone ends what is not there any more, unless it was accepted.
func (l *lookout) gone(k *sighting) {
	if k.entry == nil {
		return
	}
	if told, waited := l.ledger.gone(k.entry); waited && k.told {
		l.herald.tell(Ended{told})
	}
}

// wait adds an arrival that is not accepted. It returns nil if it was, meanwhile.
func (l *ledger) wait(a far.Arrival) *entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.shelfOf(a.From.Addr())
	accepted := func(e *entry) bool {
		return pairOf(e.Arrival) == pairOf(a) && e.Network == a.Network && !e.At.Before(a.At)
	}
	if slices.ContainsFunc(s.entries, accepted) {
		return nil
	}
	e := &entry{Arrival: a}
	l.waiting[pairOf(a)] = e
	l.put(e, s)
	return e
}

// stillWaits updates an arrival that is not accepted, and reports false if it was.
func (l *ledger) stillWaits(e *entry, halfOpen bool) (far.Arrival, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[pairOf(e.Arrival)] != e {
		return far.Arrival{}, false
	}
	e.HalfOpen, e.Took = halfOpen, time.Since(e.At).Seconds()
	return e.Arrival, true
}

// gone says that an arrival that was not accepted is over, and reports false if it was
// accepted.
func (l *ledger) gone(e *entry) (far.Arrival, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[pairOf(e.Arrival)] != e {
		return far.Arrival{}, false
	}
	delete(l.waiting, pairOf(e.Arrival))
	return e.Arrival, true
}

func pairOf(a far.Arrival) pair { return pair{a.Port, a.From} }
