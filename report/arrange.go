// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"exreach/probe"
)

// A Group is the entries of one role of one host at one address.
type Group struct {
	Host    string
	Version string
	Role    string
	Address string // "" where the name has none
	Entries []Entry
	Whole   *Entry // speaks for all entries where none could be asked, for one reason; nil otherwise
}

// groups splits entries where the host, its role or its address changes.
func groups(entries []Entry) iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for rest := entries; len(rest) > 0; {
			first, n := &rest[0], 1
			for n < len(rest) && sameGroup(first, &rest[n]) {
				n++
			}
			g := Group{Host: first.Host, Version: first.Version, Role: first.Role, Address: first.Address, Entries: rest[:n]}
			if unasked(g.Entries) {
				g.Whole = &g.Entries[0]
			}
			if !yield(g) {
				return
			}
			rest = rest[n:]
		}
	}
}

func sameGroup(a, b *Entry) bool {
	return a.Host == b.Host && a.Version == b.Version && a.Role == b.Role && a.Address == b.Address
}

// unasked reports whether none of the entries could be asked, all for the same
// reason.
func unasked(entries []Entry) bool {
	first := entries[0]
	if v := probe.Verdict(first.Verdict); v != probe.Unresolved && v != probe.Untried {
		return false
	}
	return !slices.ContainsFunc(entries, func(e Entry) bool {
		return e.Verdict != first.Verdict || e.Detail != first.Detail
	})
}

// A place is where an entry belongs in the report.
type place struct {
	host    int        // the first order of its host
	address netip.Addr // invalid ones first
	line    int        // its order; for a child, its parent's
	depth   int        // 1 for a child
	entry   *Entry
	at      int // where it stands now
}

// A parent is what a child knows of the entry that led to it.
type parent struct{ host, version, role, address, service string }

// arrange sorts entries by host, address and order, children behind their
// parent. Children share their parent's line, so their own order, name and port
// sort them.
func arrange(entries []Entry) {
	hosts, lines := map[string]int{}, map[parent]int{}
	for _, e := range entries {
		if first, known := hosts[e.Host]; !known || e.order < first {
			hosts[e.Host] = e.order
		}
		if e.Parent == "" {
			lines[parent{e.Host, e.Version, e.Role, e.Address, e.Service}] = e.order
		}
	}
	places := make([]place, len(entries))
	for i, e := range entries {
		address, _ := netip.ParseAddr(e.Address)
		places[i] = place{host: hosts[e.Host], address: address, line: e.order, entry: &entries[i], at: i}
		if line, known := lines[parent{e.Host, e.Version, e.Role, e.Address, e.Parent}]; known && e.Parent != "" {
			places[i].line, places[i].depth = line, 1
		}
	}
	slices.SortStableFunc(places, place.compare)
	to := make([]int32, len(places))
	for i, p := range places {
		to[p.at] = int32(i)
	}
	reorder(entries, to)
}

// reorder moves each entry to its place, without a copy of them all: there may be
// very many.
func reorder(entries []Entry, to []int32) {
	for i := range to {
		for to[i] != int32(i) {
			j := to[i]
			entries[i], entries[j] = entries[j], entries[i]
			to[i], to[j] = to[j], j
		}
	}
}

func (p place) compare(q place) int {
	return cmp.Or(
		cmp.Compare(p.host, q.host),
		cmp.Compare(p.entry.Host, q.entry.Host),
		p.address.Compare(q.address),
		cmp.Compare(p.line, q.line),
		cmp.Compare(p.depth, q.depth),
		cmp.Compare(p.entry.order, q.entry.order),
		cmp.Compare(p.entry.Service, q.entry.Service),
		cmp.Compare(p.entry.Port, q.entry.Port),
	)
}
