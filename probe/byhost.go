// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"iter"
	"maps"
	"slices"

	"exreach/catalog"
)

// ByHost puts the results of each host together, and yields them as soon as the
// last one is there: after that a host takes no memory. Where the run ended
// early, or nobody has numbered its plan (catalog.Number), what is left comes at
// the end.
func ByHost(results iter.Seq[Result]) iter.Seq[[]Result] {
	return func(yield func([]Result) bool) {
		waiting := map[string]*gathering{}
		for r := range results {
			g := waiting[r.Check.Host]
			if g == nil {
				g = &gathering{results: make([]Result, 0, r.Check.Of)}
				waiting[r.Check.Host] = g
			}
			if g.add(r); !g.whole(r.Check) {
				continue
			}
			delete(waiting, r.Check.Host)
			if !yield(g.results) {
				return
			}
		}
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			if !yield(waiting[name].results) {
				return
			}
		}
	}
}

// A gathering is the results of one host until they are complete.
type gathering struct {
	results []Result
	over    int // checks that have all their results
}

func (g *gathering) add(r Result) {
	if r.Last {
		g.over++
	}
	g.results = append(g.results, r)
}

// whole reports whether every check of the host is over; c is one of them.
func (g *gathering) whole(c catalog.Check) bool { return g.over > 0 && g.over == c.Of }
