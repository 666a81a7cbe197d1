// SPDX-License-Identifier: Apache-2.0

// Package report writes reports: a Draft takes the hosts of a run, or of a saved report, and
// hands them to the Writer of a format. A writer only writes: package content counts, sums up
// and sorts, and package judge judges. Package saved reads reports back. It must not import
// anything under cmd.
package report

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
)

// A Draft writes a report while its hosts come in, from a run or from a saved report: call
// Know, then Add or Take for each host, then End. A format that is Whole gets the hosts at
// the end, and any other as they come.
type Draft struct {
	to     Writer
	format Format
	head   Head
	known  bool // Know was called
	begun  bool // Begin of to was called
	hosts  []kept
	places map[string]int // of hosts in hosts, by their names
	total  content.Tracker
	shelf  shelf
	seed   maphash.Seed
	chains certificates

	unsettled bool // some host came in several parts, or before it was known when the run began: sum up all again
}

// A kept is the entries of one host, and what the report says about it as a whole.
type kept struct {
	place   int
	summary content.Summary
	alike   uint64          // equal for hosts with the same problems
	member  Member          // what it is among these
	entries []content.Entry // nil if they are on the shelf
	shelved []section
	results int // in entries, and on the shelf
}

// A Tail is what is known of a run when it is over.
type Tail struct {
	Took       time.Duration
	Unasked    int  // hosts that the run did not reach
	Unread     bool // the run ended before the list of hosts did
	Untestable []content.Untestable
}

// New returns the head of the report of a run that began at started. tool is the program
// with its version, from is who the run connects as.
func New(tool, from string, started time.Time) content.Report {
	return content.Report{
		Schema:  content.Schema,
		Tool:    tool,
		From:    from,
		Started: started.UTC().Truncate(time.Millisecond),
	}
}

// Draft makes a Draft. to must be a Writer of f.
func (f Format) Draft(to Writer) *Draft {
	d := &Draft{to: to, format: f, head: Head{Report: content.Report{Schema: content.Schema}}, places: map[string]int{}, seed: maphash.MakeSeed()}
	d.chains.shelf, d.head.certificates = &d.shelf, &d.chains
	return d
}

// Know tells the draft the head of the report. A format that is not Whole is written as
// hosts come only if Know is called before the first of them.
func (d *Draft) Know(head content.Report) {
	counts := d.head.Counts
	d.unsettled = d.unsettled || len(d.hosts) > 0 && !head.Started.Equal(d.head.Started)
	d.head.Report, d.known = head, true
	d.head.Schema, d.head.Counts, d.head.Hosts, d.head.Results = content.Schema, counts, nil, nil
}

// Shelve makes the draft keep most of a long report in what fresh returns, instead of in
// memory. If fresh or a write fails, the rest stays in memory.
func (d *Draft) Shelve(fresh func() (Shelf, error)) { d.shelf.fresh = fresh }

// Counts returns how many results have come so far, by their grades.
func (d *Draft) Counts() content.Counts { return d.head.Counts }

// StandIn reports whether the servers of the report were exreach's own.
func (d *Draft) StandIn() bool { return d.head.StandIn }

// Add takes one more host, as judge.Hosts yields them.
func (d *Draft) Add(host judge.Host) error {
	for _, r := range host.Rows {
		d.head.Learn(r.Check.Ground)
		d.head.releases = cmp.Or(d.head.releases, r.Check.Releases)
	}
	return d.take(content.Entries(host), host.Place)
}

// Learn adds a certificate of a saved report. The chains of entries that come later may
// name it by its fingerprint alone.
func (d *Draft) Learn(c tls12.Certificate) { d.chains.learn(c) }

// Take takes some entries of one host of a saved report. A host may come in several parts.
// The draft does not keep the slice.
func (d *Draft) Take(entries []content.Entry) error {
	return d.take(slices.Clone(entries), len(d.hosts))
}

func (d *Draft) take(entries []content.Entry, place int) error {
	if err := d.chains.restore(entries); err != nil {
		return err
	}
	content.CountDays(entries, d.head.Started)
	for _, e := range entries {
		d.head.Counts.Add(e.Grade)
		d.head.Counts.Care.Add(e.Care)
	}
	if !d.format.Whole && d.known && len(d.hosts) == 0 {
		if err := d.begin(); err != nil {
			return err
		}
		return d.to.Host(Part{Entries: entries})
	}
	d.keep(entries, place)
	return nil
}

// keep keeps entries until End.
func (d *Draft) keep(entries []content.Entry, place int) {
	name := entries[0].Host
	i, known := d.places[name]
	if !known {
		i = len(d.hosts)
		d.places[name] = i
		d.hosts = append(d.hosts, kept{place: place})
	}
	d.unsettled = d.unsettled || known
	h := &d.hosts[i]
	if !known {
		d.sumUp(h, entries)
	}
	h.results += len(entries)
	d.head.columns.measure(entries)
	d.chains.strip(entries)
	if at, ok := d.shelf.put(entries, len(entries)); ok {
		h.shelved = append(h.shelved, at)
		return
	}
	h.entries = append(h.entries, entries...)
}

// sumUp notes what all entries of a host come to.
func (d *Draft) sumUp(h *kept, entries []content.Entry) {
	h.summary = content.Summarize(entries, d.head.Started)
	h.alike, h.member = alike(entries, h.summary, d.seed), memberOf(entries)
	d.total.Meet(h.place, entries, h.summary)
	d.head.Counts.Untraced += content.UntracedPorts(entries)
}

// get returns the entries of a host.
func (d *Draft) get(h *kept) ([]content.Entry, error) {
	entries := append(make([]content.Entry, 0, h.results), h.entries...)
	for _, at := range h.shelved {
		var more []content.Entry
		if err := d.shelf.get(at, &more); err != nil {
			return nil, err
		}
		entries = append(entries, more...)
	}
	content.Arrange(entries)
	if d.format.ByFingerprint {
		return entries, nil
	}
	return entries, d.chains.restore(entries)
}

func (d *Draft) begin() error {
	if d.begun {
		return nil
	}
	d.begun = true
	return d.to.Begin(d.head)
}

// End ends the report.
func (d *Draft) End(t Tail) error {
	if err := d.finish(t); err != nil {
		return err
	}
	if err := d.begin(); err != nil {
		return err
	}
	for p, err := range d.parts() {
		if err == nil {
			err = d.to.Host(p)
		}
		if err != nil {
			return err
		}
	}
	return d.to.End(d.head)
}

// finish completes the head.
func (d *Draft) finish(t Tail) error {
	slices.SortStableFunc(d.hosts, func(a, b kept) int { return cmp.Compare(a.place, b.place) })
	if err := d.gather(); err != nil {
		return err
	}
	h := &d.head
	h.Took = cmp.Or(content.InSeconds(t.Took), h.Took)
	h.Untestable = append(h.Untestable, t.Untestable...)
	h.Hosts, h.Counts.Hosts = make([]content.Summary, 0, len(d.hosts)), content.HostCounts{Unasked: t.Unasked, Unread: t.Unread}
	for _, k := range d.hosts {
		h.Hosts = append(h.Hosts, k.summary)
		h.Counts.Hosts.Add(k.summary.Grade)
		h.Counts.Hosts.Care.Add(k.summary.Care)
	}
	slices.SortFunc(h.GroundRules, func(a, b content.GroundRule) int { return cmp.Compare(a.Text, b.Text) })
	h.Causes, h.Versions, h.Expires = d.total.Ranked(), d.total.ByVersion(), d.total.First
	return nil
}

// gather sums up all hosts again if one of them came in several parts.
func (d *Draft) gather() error {
	if !d.unsettled {
		return nil
	}
	d.total, d.head.Counts.Untraced = content.Tracker{}, 0
	for i := range d.hosts {
		entries, err := d.get(&d.hosts[i])
		if err != nil {
			return err
		}
		if err := d.chains.restore(entries); err != nil {
			return err
		}
		d.sumUp(&d.hosts[i], entries)
	}
	return nil
}
