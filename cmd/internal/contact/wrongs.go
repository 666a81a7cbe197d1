// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"net/netip"
	"time"

	"exreach/probe/standin"
)

// wrongs counts the callers of each source that did not know the code, to slow them down.
type wrongs struct {
	sources map[netip.Prefix]*wrong
}

// A wrong is what a source has got wrong.
type wrong struct {
	times   int
	last    time.Time
	waiting int // callers of it that wait for their refusal
}

// Bounds on wrong codes.
const (
	firstDelay   = time.Second                                      // of a refusal; doubles each time
	lastDelay    = standin.ContactProof - proofTime - 5*time.Second // the longest: 30 s
	mostWaiting  = 4                                                // callers of one source that wait; while they do, the right code waits, too
	wrongFor     = 10 * time.Minute                                 // a source is remembered
	wrongSources = 4096                                             // sources that are told apart; the others count as one
)

// begin counts a caller that is to wait, and returns after which delay. The caller
// calls over when it has been.
func (w *wrongs) begin(source netip.Addr, now time.Time) (delay time.Duration, over func()) {
	f := w.of(source, now)
	delay = lastDelay
	if f.times < 5 { // 1, 2, 4, 8, 16 s
		delay = firstDelay << f.times
	}
	f.times++
	f.waiting++
	f.last = now
	return delay, func() { f.waiting-- }
}

// isLocked reports whether all callers of a source are to wait now.
func (w *wrongs) isLocked(source netip.Addr) bool {
	f := w.sources[network(source)]
	if f == nil && len(w.sources) >= wrongSources {
		f = w.sources[netip.Prefix{}]
	}
	return f != nil && f.waiting >= mostWaiting
}

// of returns what a source has got wrong, and forgets what was long ago.
func (w *wrongs) of(source netip.Addr, now time.Time) *wrong {
	if w.sources == nil {
		w.sources = map[netip.Prefix]*wrong{}
	}
	key := network(source)
	if f := w.sources[key]; f != nil && (f.waiting > 0 || now.Sub(f.last) < wrongFor) {
		return f
	}
	if len(w.sources) >= wrongSources {
		w.forget(now)
	}
	if len(w.sources) >= wrongSources {
		key = netip.Prefix{}
		if f := w.sources[key]; f != nil {
			return f
		}
	}
	f := &wrong{}
	w.sources[key] = f
	return f
}

func (w *wrongs) forget(now time.Time) {
	for key, f := range w.sources {
		if f.waiting == 0 && now.Sub(f.last) >= wrongFor {
			delete(w.sources, key)
		}
	}
}

// network returns what one client has of its own: an address, or the /64 of IPv6.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the zero Prefix for what is no address
	return p
}
