// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/tape"
)

// Bounds of a ledger. An entry takes half a kilobyte, beside its heads.
const (
	mostOfStranger = 512     // entries of one source that is not expected
	mostOfExpected = 4096    // of one that is
	mostOfAll      = 8192    // of all that are not
	mostHeads      = 8 << 20 // bytes of heads in all
	keptBytes      = 8 << 10 // of each direction of a conversation of an expected source
	searchedBytes  = 4 << 10 // of what another source sent, for tokens
)

// A ledger holds what arrived, by its source. Sources that are not expected share a bound:
// where it is reached, the source that was silent longest loses its oldest entry.
type ledger struct {
	mu        sync.Mutex // guards all below, and the entries
	shelves   map[netip.Addr]*shelf
	strangers list.List             // the shelves of sources that are not expected; the one longest silent is in front
	kept      int                   // entries of strangers
	heads     int                   // bytes of heads of entries that are over
	more      int                   // entries that were dropped with their shelf
	expected  map[netip.Addr]*shelf // those of sources that are expected
	active    map[*entry]struct{}
	waiting   map[pair]*entry // connections that were not accepted, but seen
}

// A pair is the two ends of a TCP connection, as far as they differ here.
type pair struct {
	port uint16
	from netip.AddrPort
}

// A shelf is the entries of one source.
type shelf struct {
	source  netip.Addr
	entries []*entry
	borne   []*entry       // of other sources, that bore its token
	more    int            // that are no longer kept
	tokens  map[string]int // those expected of the source, and how often
	place   *list.Element  // among the strangers; nil while the source is expected
}

// An entry is an arrival, and its tapes while it goes on.
type entry struct {
	far.Arrival
	shelf      *shelf // nil once it is not kept any more
	raw, plain *tape.Tape
	token      string // the expected token that it bore
	withdrawn  bool
	answering  bool // a datagram of it
}

func newLedger() *ledger {
	return &ledger{
		shelves:  map[netip.Addr]*shelf{},
		expected: map[netip.Addr]*shelf{},
		active:   map[*entry]struct{}{},
		waiting:  map[pair]*entry{},
	}
}

// begin adds an arrival that goes on until end. One that was half-open goes on.
func (l *ledger) begin(a far.Arrival) (*entry, far.Arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.waiting[pairOf(a)]
	if e == nil || a.Network != catalog.TCP {
		e = &entry{Arrival: a}
		l.put(e, l.shelfOf(a.From.Addr()))
	} else {
		delete(l.waiting, pairOf(e.Arrival))
		e.HalfOpen, e.Turned = false, a.Turned
	}
	l.start(e)
	return e, e.Arrival
}

// start gives an entry its tapes. What is plain under TLS is only searched for tokens.
func (l *ledger) start(e *entry) {
	l.active[e] = struct{}{}
	e.raw = &tape.Tape{}
	if len(l.expected) > 0 {
		e.raw.Keep, e.plain = searchedBytes, &tape.Tape{Keep: searchedBytes}
	}
	if l.expected[e.From.Addr()] != nil {
		e.raw.Keep = keptBytes
	}
}

// expects reports whether a source has proved its address.
func (l *ledger) expects(source netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.expected[source] != nil
}

// expect begins an expectation; forget ends it.
func (l *ledger) expect(source netip.Addr, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.shelfOf(source)
	if s.tokens == nil {
		s.tokens = map[string]int{}
		l.expected[source] = s
		l.strangers.Remove(s.place)
		s.place = nil
		l.kept -= len(s.entries)
	}
	s.tokens[token]++
}

func (l *ledger) forget(source netip.Addr, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.expected[source]
	if s.tokens[token]--; s.tokens[token] == 0 {
		delete(s.tokens, token)
	}
	if len(s.tokens) > 0 {
		return
	}
	s.tokens, s.borne = nil, nil
	delete(l.expected, source)
	s.place = l.strangers.PushBack(s)
	l.kept += len(s.entries)
	l.trim(s)
}

// shelfOf returns the shelf of a source, a new one if need be.
func (l *ledger) shelfOf(source netip.Addr) *shelf {
	s := l.shelves[source]
	if s == nil {
		s = &shelf{source: source}
		s.place = l.strangers.PushBack(s)
		l.shelves[source] = s
	}
	return s
}

func (l *ledger) put(e *entry, on *shelf) {
	e.shelf = on
	on.entries = append(on.entries, e)
	if on.place != nil {
		l.kept++
		l.strangers.MoveToBack(on.place)
	}
	l.trim(on)
}

// trim drops what is too much: of this shelf, and of all strangers.
func (l *ledger) trim(s *shelf) {
	most := mostOfStranger
	if s.place == nil {
		most = mostOfExpected
	}
	for len(s.entries) > most {
		l.drop(s)
	}
	for l.kept > mostOfAll {
		l.drop(l.strangers.Front().Value.(*shelf))
	}
	for front := l.strangers.Front(); front != nil && l.strangers.Len() > mostOfAll; front = l.strangers.Front() {
		l.drop(front.Value.(*shelf)) // one that has nothing but a count
	}
}

// drop forgets the oldest entry of a shelf, and a stranger's shelf without entries.
func (l *ledger) drop(s *shelf) {
	if len(s.entries) > 0 {
		s.more++
		l.take(s.entries[0])
	}
	if len(s.entries) == 0 && s.place != nil {
		l.more += s.more
		l.strangers.Remove(s.place)
		delete(l.shelves, s.source)
	}
}

// take takes an entry off its shelf.
func (l *ledger) take(e *entry) {
	s := e.shelf
	if s == nil {
		return
	}
	i := slices.Index(s.entries, e)
	s.entries = slices.Delete(s.entries, i, i+1)
	if s.place != nil {
		l.kept--
	}
	if e.raw == nil {
		l.heads -= headsOf(e)
		e.Received.Head, e.Sent.Head = nil, nil
	}
	if l.waiting[pairOf(e.Arrival)] == e {
		delete(l.waiting, pairOf(e.Arrival))
	}
	e.shelf = nil
}

// end ends an arrival, and returns what is known of it, unless it was withdrawn.
func (l *ledger) end(e *entry) (a far.Arrival, was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.search(e)
	e.Arrival = e.now()
	delete(l.active, e)
	e.raw, e.plain = nil, nil
	keep := e.shelf != nil && (e.shelf.tokens != nil || e.token != "")
	if keep && l.heads+headsOf(e) > mostHeads {
		l.release()
		keep = l.heads+headsOf(e) <= mostHeads
	}
	if !keep {
		e.Received.Head, e.Sent.Head = nil, nil
	}
	l.heads += headsOf(e)
	told := e.Arrival
	told.Received.Head, told.Sent.Head = nil, nil
	return told, !e.withdrawn
}

// withdraw takes out an arrival that was none.
func (l *ledger) withdraw(e *entry) far.Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.take(e)
	e.withdrawn = true
	return e.Arrival
}

// change changes an entry.
func (l *ledger) change(e *entry, how func(*far.Arrival)) far.Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	how(&e.Arrival)
	return e.Arrival
}

// now returns an arrival as it is now.
func (e *entry) now() far.Arrival {
	a := e.Arrival
	if e.raw != nil {
		a.Took = time.Since(a.At).Seconds()
		a.Received, a.Sent = e.raw.Received(), e.raw.Sent()
	}
	return a
}
