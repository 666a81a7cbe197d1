// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/probe/far"
	"exreach/probe/standin"
)

// Bounds of what a tally keeps, whatever comes.
const (
	mostSources = 64  // of a port
	mostEnded   = 200 // arrivals between two looks
	mostBursts  = 256 // the same, of one source at one port each
)

// A tally counts what comes to a listener. The server calls note, the listener look, at the
// same time.
type tally struct {
	mu     sync.Mutex
	ports  map[shareable]*seen
	visits visits
	faults []string // of exreach's own
	news   news
}

// A seen is what came to a port.
type seen struct {
	Times    int // connections, or sockets over UDP
	HalfOpen int
	Turned   int
	Last     time.Time
	From     netip.AddrPort // the last
	sources  map[netip.Addr]int
	More     int // arrivals from sources that are not kept
}

// A news is what happened since the last look.
type news struct {
	bursts   map[origin]*burst
	unheard  int           // arrivals that are in no burst
	ended    []far.Arrival // as they ended
	unlisted int           // ended, and not in the list
	contacts []netip.AddrPort
	wrong    []netip.AddrPort // who gave a wrong code
}

// An origin is where arrivals come from that are told as one.
type origin struct {
	shareable
	source netip.Addr
	half   bool
	turned string
}

// A burst is the arrivals of one origin since the last look.
type burst struct {
	origin
	last  far.Arrival
	times int
}

// note takes an event of the server.
func (t *tally) note(e standin.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e := e.(type) {
	case standin.Came:
		t.at(e.Arrival).add(e.Arrival)
	case standin.Contacted:
		t.at(e.Arrival).remove(e.Arrival) // whether it knows the code, visited is told
	case standin.Ended:
		t.end(e.Arrival)
	case standin.Missed:
		t.news.unheard += e.Events
	case standin.Broke:
		if len(t.faults) < mostBursts {
			t.faults = append(t.faults, e.Service+": "+e.Fault.Error())
		}
	}
}

// at is what came to the port of an arrival.
func (t *tally) at(a far.Arrival) *seen {
	if t.ports == nil {
		t.ports = map[shareable]*seen{}
	}
	at := shareable{a.Network, a.Port}
	if t.ports[at] == nil {
		t.ports[at] = &seen{sources: map[netip.Addr]int{}}
	}
	return t.ports[at]
}

func (s *seen) add(a far.Arrival) {
	switch {
	case a.Turned != "":
		s.Turned++
	case a.HalfOpen:
		s.HalfOpen++
	default:
		s.Times++
	}
	s.Last, s.From = a.At, a.From
	source := a.From.Addr()
	if _, known := s.sources[source]; known || len(s.sources) < mostSources {
		s.sources[source]++
		return
	}
	s.More++
}

// remove takes back what add counted.
func (s *seen) remove(a far.Arrival) {
	s.Times = max(0, s.Times-1)
	if source := a.From.Addr(); s.sources[source] > 1 {
		s.sources[source]--
	} else {
		delete(s.sources, source)
	}
}

// end adds an arrival that is over to the news.
func (t *tally) end(a far.Arrival) {
	if len(t.news.ended) < mostEnded {
		t.news.ended = append(t.news.ended, a)
	} else {
		t.news.unlisted++
	}
	if t.news.bursts == nil {
		t.news.bursts = map[origin]*burst{}
	}
	from := origin{shareable{a.Network, a.Port}, a.From.Addr(), a.HalfOpen, a.Turned}
	b := t.news.bursts[from]
	switch {
	case b != nil:
	case len(t.news.bursts) == mostBursts:
		t.news.unheard++
		return
	default:
		b = &burst{origin: from}
		t.news.bursts[from] = b
	}
	b.last = a
	b.times++
}

// look returns what happened since the last look.
func (t *tally) look() news {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := t.news
	t.news = news{}
	return n
}

// inOrder is the bursts as they came.
func (n news) inOrder() []*burst {
	return slices.SortedFunc(maps.Values(n.bursts), func(a, b *burst) int {
		return cmp.Or(a.last.At.Compare(b.last.At), cmp.Compare(a.port, b.port), a.source.Compare(b.source))
	})
}

// A PortSeen is what came to one port of a listener.
type PortSeen struct {
	far.Opening
	seen
}

// Sources names the first few sources of what came, those that came most often first, and
// says how many more there are.
func (p PortSeen) Sources() (first []string, more int) {
	const few = 3
	addrs := slices.SortedFunc(maps.Keys(p.sources), func(a, b netip.Addr) int {
		return cmp.Or(cmp.Compare(p.sources[b], p.sources[a]), a.Compare(b))
	})
	for _, a := range addrs[:min(few, len(addrs))] {
		first = append(first, a.String())
	}
	more = len(addrs) - len(first)
	if p.More > 0 {
		more++
	}
	return first, more
}

// All is how much came, in any way.
func (s seen) All() int { return s.Times + s.HalfOpen + s.Turned }

// count returns what came to each port so far, in the order of the openings. Where a port is
// open at several addresses, its first opening stands for all.
func (t *tally) count(openings []far.Opening) []PortSeen {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []PortSeen
	at := map[shareable]int{}
	for _, o := range openings {
		key := shareable{o.Network, o.Port}
		if i, known := at[key]; known {
			if all[i].State != far.Open && o.State == far.Open {
				all[i].Opening = o
			}
			continue
		}
		at[key] = len(all)
		p := PortSeen{Opening: o}
		if s := t.ports[key]; s != nil {
			p.seen = *s
			p.sources = maps.Clone(s.sources)
		}
		all = append(all, p)
	}
	return all
}

// silent is the open ports at which nothing came.
func silent(ports []PortSeen) (names []string, open int) {
	for _, p := range ports {
		if p.State != far.Open {
			continue
		}
		open++
		if p.All() == 0 {
			names = append(names, name(p.Opening))
		}
	}
	return names, open
}
