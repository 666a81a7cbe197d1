// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"exreach/report/content"
	"exreach/report/judge"
)

// A kept is the entries of one host of one run, and what the report says about it as a whole.
type kept struct {
	run     int // its number
	order   int // of the host in the report
	summary content.Summary
	alike   uint64         // equal for hosts with the same problems
	member  content.Member // what it is among these
	cells   []content.Cell // its grades, if a format shows those of all hosts
	parts   []keptPart
}

// A keptPart is entries of a host that came together.
type keptPart struct {
	entries []content.Entry // nil if they are on the shelf
	shelved section
	results int
	sent    bool // the formats that are not Whole have them
}

// keep keeps entries of a run until End. sent says that some formats have them already.
func (d *Draft) keep(run int, entries []content.Entry, order int, sent bool) {
	content.Arrange(entries)
	is := pair{run, entries[0].Host}
	i, known := d.places[is]
	if !known {
		i = len(d.hosts)
		d.places[is] = i
		d.hosts = append(d.hosts, kept{run: run, order: order})
	}
	d.unsettled = d.unsettled || known
	h := &d.hosts[i]
	if !known {
		d.sumUp(h, entries)
	}
	d.chains.strip(entries)
	part := keptPart{results: len(entries), sent: sent}
	shelved := false
	if part.shelved, shelved = d.shelf.put(entries, len(entries)); !shelved {
		part.entries = entries
	}
	h.parts = append(h.parts, part)
}

// sumUp notes what all entries of a host come to.
func (d *Draft) sumUp(h *kept, entries []content.Entry) {
	run := d.run(h.run)
	h.summary = content.Summarize(entries, run.Started)
	h.summary.Run = h.run
	h.alike, h.member = alike(entries, h.summary, run.From, d.seed), content.MemberOf(entries)
	d.total.Meet(h.order, entries, h.summary, run.Started)
	d.head.Counts.Untraced += content.UntracedPorts(entries)
	if d.overview() {
		h.cells = content.CellsOf(entries, d.column)
	}
}

// overview reports whether a format shows the grades of all hosts at once.
func (d *Draft) overview() bool {
	return slices.ContainsFunc(d.outlets, func(o outlet) bool { return o.Format.Overview })
}

// manyColumns is how many services have a column in the grid. No run of roles has so many,
// but one host may be checked at all of its ports.
const manyColumns = 128

// column returns the number of a column, which is made if there is room; -1 if not.
func (d *Draft) column(c content.Column) int {
	n, known := d.columns[c]
	switch {
	case known:
		return n
	case len(d.head.Grid.Columns) == manyColumns:
		d.head.Grid.Cut = true
		return -1
	}
	n = len(d.head.Grid.Columns)
	d.columns[c], d.head.Grid.Columns = n, append(d.head.Grid.Columns, c)
	return n
}

// get returns the entries of a host for a format, without those that it has.
func (d *Draft) get(h *kept, as Format) ([]content.Entry, error) {
	missing := func(p keptPart) bool { return as.Whole || !p.sent }
	results := 0
	for _, p := range h.parts {
		if missing(p) {
			results += p.results
		}
	}
	entries := make([]content.Entry, 0, results)
	for _, p := range h.parts {
		if !missing(p) {
			continue
		}
		more := p.entries
		if more == nil {
			if err := d.shelf.get(p.shelved, &more); err != nil {
				return nil, err
			}
		}
		entries = append(entries, more...)
	}
	content.Arrange(entries)
	number := d.head.Number(h.run)
	for i := range entries {
		entries[i].Run = number
	}
	if as.ByFingerprint {
		return entries, nil
	}
	return entries, d.chains.restore(entries)
}

// finish completes the head.
func (d *Draft) finish() error {
	slices.SortStableFunc(d.hosts, func(a, b kept) int { return cmp.Compare(a.order, b.order) })
	h := &d.head
	h.Partial = h.Partial || h.Counts.LeftOut > 0
	h.SetRuns(d.runs)
	if err := d.gather(); err != nil {
		return err
	}
	h.Hosts = make([]content.Summary, 0, len(d.hosts))
	for i := range d.hosts {
		k := &d.hosts[i]
		k.summary.Run = h.Number(k.run)
		h.Hosts = append(h.Hosts, k.summary)
		h.Counts.Hosts.Add(k.summary.Grade)
		h.Counts.Hosts.Care.Add(k.summary.Care)
	}
	slices.SortFunc(h.GroundRules, func(a, b content.GroundRule) int { return cmp.Compare(a.Text, b.Text) })
	h.Causes, h.Versions, h.Expires = d.total.Ranked(h.Called), d.total.ByVersion(), d.total.First(h.Called)
	if !h.StandIn { // that listeners answer stands above all
		h.Causes = slices.DeleteFunc(h.Causes, func(c content.Cause) bool { return c.Beside && c.What == judge.Label("stand-in") })
	}
	if d.overview() {
		h.Certificates = d.total.Lifetimes(h.Called)
		for _, block := range d.blocks() {
			for _, k := range block {
				h.Grid.Rows = append(h.Grid.Rows, content.GridRow{
					Run: k.summary.Run, Host: k.summary.Host, Grade: k.summary.Grade, Care: k.summary.Care, Cells: k.cells,
				})
			}
		}
	}
	return nil
}

// gather sums up all hosts again if one of them came in several parts.
func (d *Draft) gather() error {
	if !d.unsettled {
		return nil
	}
	d.total, d.head.Counts.Untraced = content.Tracker{}, 0
	for i := range d.hosts {
		entries, err := d.get(&d.hosts[i], Format{Whole: true})
		if err != nil {
			return err
		}
		d.sumUp(&d.hosts[i], entries)
	}
	return nil
}
