// SPDX-License-Identifier: Apache-2.0

package report

import (
	"iter"
	"maps"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// Hosts judges the results of a run that began at started, and yields the
// entries of each host as soon as its last result is there: only then can they
// be judged beside one another. After that a host takes no memory. Where the run
// ended early, or nobody has numbered its plan (catalog.Number), what is left
// comes at the end.
func Hosts(results iter.Seq[probe.Result], started time.Time) iter.Seq[[]Entry] {
	return func(yield func([]Entry) bool) {
		waiting := map[string]*host{}
		for r := range results {
			h := waiting[r.Check.Host]
			if h == nil {
				h = &host{results: make([]probe.Result, 0, r.Check.Of)}
				waiting[r.Check.Host] = h
			}
			if h.add(r); !h.whole(r.Check) {
				continue
			}
			delete(waiting, r.Check.Host)
			if entries := h.judge(started); len(entries) > 0 && !yield(entries) {
				return
			}
		}
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			if entries := waiting[name].judge(started); len(entries) > 0 && !yield(entries) {
				return
			}
		}
	}
}

// A host is the results of one host until they are complete.
type host struct {
	results []probe.Result
	over    int // checks that have all their results
}

func (h *host) add(r probe.Result) {
	if r.Last {
		h.over++
	}
	if !untold(r) {
		h.results = append(h.results, r)
	}
}

// whole reports whether every check of the host is over; c is one of them.
func (h *host) whole(c catalog.Check) bool { return h.over > 0 && h.over == c.Of }

// judge makes the entries of the host, in the order of a report.
func (h *host) judge(started time.Time) []Entry {
	entries := make([]Entry, 0, len(h.results))
	for _, r := range h.results {
		entries = append(entries, judge(seen{Result: r, started: started, beside: h.results}))
	}
	arrange(entries)
	return entries
}

// untold reports whether a result has no place in a report: that of a port
// which nobody uses, where nothing answered.
func untold(r probe.Result) bool {
	return r.Check.IsControl() && r.Verdict != probe.Answered
}
