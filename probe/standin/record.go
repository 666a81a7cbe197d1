// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
)

// Expect says that a source has proved its address, and with which token it will ask.
// Until forget is called it gets full answers over UDP, the first bytes of its
// conversations are kept, and what bears the token is its own wherever it came from.
func (s *Server) Expect(source netip.Addr, token string) (forget func()) {
	source = plainAddr(source)
	s.ledger.expect(source, token)
	return sync.OnceFunc(func() { s.ledger.forget(source, token) })
}

// RecordFor returns the openings, and what arrived from source or bore its token. The
// caller fills in what the server does not know: Tool, Listener, Machine, Wall, Dropped.
// It waits a moment for conversations of the source that go on: their last bytes may be on
// their way.
func (s *Server) RecordFor(source netip.Addr, token string) far.Record {
	source = plainAddr(source)
	s.await(source)
	r := s.record()
	r.Arrivals, r.More = s.ledger.of(source, token)
	return r
}

// await waits until no conversation of a source goes on, or farewell is over.
func (s *Server) await(source netip.Addr) {
	again := time.NewTicker(farewell / 100)
	defer again.Stop()
	for until := time.Now().Add(farewell); s.ledger.talks(source) && time.Now().Before(until); {
		select {
		case <-s.ctx.Done():
			return
		case <-again.C:
		}
	}
}

// talks reports whether a conversation of a source goes on over TCP, or a datagram of it is
// being answered.
func (l *ledger) talks(source netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range l.active {
		mine := e.shelf != nil && e.shelf.source == source
		if s := l.expected[source]; !mine && s != nil {
			mine = slices.Contains(s.borne, e)
		}
		if mine && (e.Network == catalog.TCP || e.answering) {
			return true
		}
	}
	return false
}

// answers says that a datagram of an entry is being answered, or was.
func (l *ledger) answers(e *entry, now bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.answering = now
}

// Whole returns the same of all sources.
func (s *Server) Whole() far.Record {
	r := s.record()
	r.Arrivals, r.More = s.ledger.all()
	return r
}

// record returns what a record has for every reader.
func (s *Server) record() far.Record {
	r := far.Record{
		Schema: far.Schema, Host: s.Host, Version: s.Version,
		Started: s.started, Now: time.Now().UTC(),
		Sees: s.sees.Load(), Dropped: -1, Openings: s.Openings(),
	}
	for _, service := range s.Services {
		if !slices.Contains(r.Roles, service.Role) {
			r.Roles = append(r.Roles, service.Role)
		}
	}
	return r
}

// of returns what arrived from a source, and what bore its token, in the order of time;
// and how much more there was.
func (l *ledger) of(source netip.Addr, token string) (all []far.Arrival, more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range l.active {
		l.search(e)
	}
	s := l.shelves[source]
	if s == nil {
		return nil, 0
	}
	for _, e := range slices.Concat(s.entries, s.borne) {
		mine := token != "" && e.token == token
		if mine || e.From.Addr() == source {
			a := e.now()
			a.Token = mine
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, earlier)
	return all, s.more
}

// all returns everything that is kept.
func (l *ledger) all() (all []far.Arrival, more int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	more = l.more
	for _, s := range l.shelves {
		more += s.more
		for _, e := range s.entries {
			a := e.now()
			a.Token = e.token != ""
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, earlier)
	return all, more
}

func earlier(a, b far.Arrival) int { return a.At.Compare(b.At) }

// plainAddr returns an address as sources are told apart: without a zone, and IPv4 as such.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func plainAddrPort(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(plainAddr(a.Addr()), a.Port())
}
