// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"iter"
	"slices"

	"exreach/report/content"
	"exreach/report/judge"
)

// fewHosts is up to how many hosts a report for people shows in full what is as wanted.
const fewHosts = 5

// parts yields the hosts of the report for a format that does not have them yet. An error
// ends the sequence.
func (d *Draft) parts(as Format) content.Parts {
	if as.Folds {
		return d.foldedParts(as)
	}
	return func(yield func(content.Part, error) bool) {
		for h := range d.inOrder(as) {
			entries, err := d.get(h, as)
			if err == nil && len(entries) == 0 {
				continue
			}
			if !yield(content.Part{Summary: h.summary, Run: d.run(h.run), Entries: entries}, err) || err != nil {
				return
			}
		}
	}
}

// inOrder yields the hosts in the order of a format: that of the run, or the worst first.
func (d *Draft) inOrder(as Format) iter.Seq[*kept] {
	return func(yield func(*kept) bool) {
		if as.Overview {
			for _, block := range d.blocks() {
				for _, h := range block {
					if !yield(h) {
						return
					}
				}
			}
			return
		}
		for i := range d.hosts {
			if !yield(&d.hosts[i]) {
				return
			}
		}
	}
}

// foldedParts yields the hosts with the worst problems first, one for all that are alike.
// Of many hosts, those without a problem have no entries.
func (d *Draft) foldedParts(as Format) content.Parts {
	return func(yield func(content.Part, error) bool) {
		many := len(d.hosts) > fewHosts
		for _, block := range d.blocks() {
			h := block[0]
			p := content.Part{Summary: h.summary, Run: d.run(h.run), Brief: many}
			for _, other := range block {
				other.member.Host = d.head.Called(other.summary)
				p.Members = append(p.Members, other.member)
			}
			var err error
			if !many || !h.summary.IsClean() {
				p.Entries, err = d.get(h, as)
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

// alike returns a number that is equal for hosts with the same problems, checked from the same
// role.
func alike(entries []content.Entry, s content.Summary, from string, seed maphash.Seed) uint64 {
	var text maphash.Hash
	text.SetSeed(seed)
	fmt.Fprintf(&text, "%q\n", from)
	if whole := content.WholeOf(entries); whole == nil || whole.Obstacle == "" { // else the answer may name the host's address
		fmt.Fprintf(&text, "%q\n", s.Answer)
	}
	fmt.Fprintf(&text, "%q\n", content.ContactGist(entries))
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
