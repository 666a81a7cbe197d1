// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"
	"time"

	"exreach/report/judge"
)

// A Draft is a report that is still being written: hosts go in as they come.
type Draft struct {
	report  Report
	columns columns
	hosts   []kept
	shelf   shelf
}

// A kept is the entries of one host, and where it stands among the hosts.
type kept struct {
	place   int
	entries []Entry // nil where they lie on the shelf
	shelved section
}

// New begins the report of a run that starts now. tool is the program with its
// version, from is who the run connects as.
func New(tool, from string, started time.Time) *Draft {
	return &Draft{report: Report{
		Schema:  Schema,
		Tool:    tool,
		From:    from,
		Started: started.UTC().Truncate(time.Millisecond),
	}}
}

// On says which computer asks.
func (d *Draft) On(machine string) *Draft {
	d.report.Machine = machine
	return d
}

// Shelve has the draft keep the most of a long report in what open returns, and
// not in memory. Where that cannot be had or written to, memory has to do.
func (d *Draft) Shelve(open func() (Shelf, error)) *Draft {
	d.shelf.open = open
	return d
}

// Add takes one more host, as judge.Hosts yields them.
func (d *Draft) Add(host judge.Host) {
	entries := Entries(host)
	for _, r := range host.Rows {
		d.report.Counts.Add(r.Grade)
		d.report.learn(r.Check.Ground)
	}
	d.columns.measure(entries)
	h := kept{place: host.Place}
	var shelved bool
	if h.shelved, shelved = d.shelf.put(entries); !shelved {
		h.entries = entries
	}
	d.hosts = append(d.hosts, h)
}

// Finish ends the draft. Hosts stand in the order of the plan, then their
// addresses, then the order of the plan again, with what an endpoint mapper led
// to right behind it.
func (d *Draft) Finish(took time.Duration) Finished {
	slices.SortStableFunc(d.hosts, func(a, b kept) int { return cmp.Compare(a.place, b.place) })
	r := d.report
	r.Took, r.Results = inSeconds(took), []Entry{}
	slices.SortFunc(r.GroundRules, func(a, b GroundRule) int { return cmp.Compare(a.Text, b.Text) })
	return Finished{Report: r, hosts: len(d.hosts), columns: d.columns, parts: d.parts}
}

// parts takes from the shelf what lies there.
func (d *Draft) parts(yield func([]Entry, error) bool) {
	for _, h := range d.hosts {
		entries, err := h.entries, error(nil)
		if entries == nil {
			entries, err = d.shelf.get(h.shelved)
		}
		if !yield(entries, err) || err != nil {
			return
		}
	}
}
