// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"
	"strings"

	"exreach/report/content"
	"exreach/report/judge"
)

// A Part is what a Writer gets of a report at a time: a host, or several that are alike.
type Part struct {
	content.Summary
	Entries []content.Entry // of the host; nil if a line about it is enough
	Members []Member        // the hosts with the same problems, for which this one stands; nil if it stands alone
	Brief   bool            // one of so many hosts that what is as wanted is only counted
}

// A Member is one of several hosts that are alike.
type Member struct {
	Host  string
	About string // its addresses, where its name is none, and its site
}

// memberOf returns what a block says about one of its hosts.
func memberOf(entries []content.Entry) Member {
	m := Member{Host: entries[0].Host}
	var about []string
	for _, e := range entries {
		if e.Address != "" && e.Address != e.Host && !slices.Contains(about, e.Address) && len(about) < fewHosts {
			about = append(about, e.Address)
		}
	}
	if site := entries[0].Site; site != "" {
		about = append(about, site)
	}
	m.About = strings.Join(about, ", ")
	return m
}

// fewHosts is up to how many hosts a report for people shows in full what is as wanted.
const fewHosts = 5

// parts yields the hosts of the report. Unless the format folds them, that is all of them
// in the order of the run. An error ends the sequence.
func (d *Draft) parts() iter.Seq2[Part, error] {
	if d.format.Folds {
		return d.foldedParts()
	}
	return func(yield func(Part, error) bool) {
		for i := range d.hosts {
			entries, err := d.get(&d.hosts[i])
			if !yield(Part{Summary: d.hosts[i].summary, Entries: entries}, err) || err != nil {
				return
			}
		}
	}
}

// foldedParts yields the hosts with the worst problems first, one for all that are alike.
// Of many hosts, those without a problem have no entries.
func (d *Draft) foldedParts() iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		many := len(d.hosts) > fewHosts
		for _, block := range d.blocks() {
			h := block[0]
			p := Part{Summary: h.summary, Brief: many}
			for _, other := range block {
				p.Members = append(p.Members, other.member)
			}
			var err error
			if !many || !h.summary.IsClean() {
				p.Entries, err = d.get(h)
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// blocks groups the hosts that have the same problems. The worst come first, and of those
// the most frequent.
func (d *Draft) blocks() [][]*kept {
	var blocks [][]*kept
	places := map[uint64]int{}
	for i := range d.hosts {
		h := &d.hosts[i]
		at, known := places[h.alike]
		if !known || h.summary.IsClean() {
			places[h.alike] = len(blocks)
			blocks = append(blocks, []*kept{h})
			continue
		}
		blocks[at] = append(blocks[at], h)
	}
	slices.SortStableFunc(blocks, func(a, b []*kept) int {
		x, y := a[0].summary, b[0].summary
		return cmp.Or(
			judge.Compare(judge.Worst(y.Grade, y.Care), judge.Worst(x.Grade, x.Care)),
			judge.Compare(y.Grade, x.Grade),
			cmp.Compare(len(b), len(a)),
		)
	})
	return blocks
}

// alike returns a number that is equal for hosts with the same problems.
func alike(entries []content.Entry, s content.Summary, seed maphash.Seed) uint64 {
	var text maphash.Hash
	text.SetSeed(seed)
	if whole := content.WholeOf(entries); whole == nil || whole.Obstacle == "" { // else the answer may name the host's address
		fmt.Fprintf(&text, "%q\n", s.Answer)
	}
	for _, c := range s.Cares {
		fmt.Fprintf(&text, "%q %q %d\n", c.Text, c.Weight, c.Services)
	}
	for _, e := range entries {
		if e.Grade == judge.Pass && e.Care == judge.Pass && e.Parent != "" {
			continue // one host has more of them than another
		}
		text.WriteString(e.Gist())
	}
	return text.Sum64()
}
