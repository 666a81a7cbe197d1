// SPDX-License-Identifier: Apache-2.0

// Package report writes reports: a Draft takes the hosts of a run, or of saved reports, and
// hands them to the Writers of one or more formats. A writer only writes: package content
// counts, sums up and sorts, and package judge judges. Package saved reads reports back. It
// must not import anything under cmd.
package report

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"slices"

	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
)

// A Draft writes a report while its hosts come in, from a run or from saved reports: call
// Know for each run, Add or Take for each host, then End. A format that is Whole gets the
// hosts at the end, and any other as they come.
type Draft struct {
	outlets []outlet
	head    content.Head
	runs    []*content.Run // nil for those that are not known
	chosen  selector
	join    func(content.Run, []content.Entry) error // nil if nothing is joined
	hosts   []kept
	places  map[pair]int // of hosts in hosts
	columns map[content.Column]int
	total   content.Tracker
	shelf   shelf
	seed    maphash.Seed
	chains  certificates

	waits     bool // all formats get the hosts that come now at the end, because a run was not known
	unsettled bool // some host came in several parts, or before its run was known: sum up all again
}

// An Outlet is a format, and the Writer of it that gets the report. Format.Outlet makes one.
type Outlet struct {
	Format Format
	To     Writer
}

// An outlet is one of a draft's.
type outlet struct {
	Outlet
	begun bool // Begin of To was called
}

// A pair is one host as one run saw it.
type pair struct {
	run  int
	host string
}

// NewDraft makes a Draft that writes the same report to every outlet.
func NewDraft(to ...Outlet) *Draft {
	d := &Draft{places: map[pair]int{}, columns: map[content.Column]int{}, seed: maphash.MakeSeed()}
	for _, o := range to {
		d.outlets = append(d.outlets, outlet{Outlet: o})
	}
	d.head.Schema = content.Schema
	d.chains.shelf, d.head.AllCertificates = &d.shelf, d.chains.each()
	return d
}

// Know tells the draft what is known of a run by now: before its first host comes, and again
// when it is over. Its number counts from 1. A format that is not Whole gets a host as it
// comes only if its run is known by then.
func (d *Draft) Know(number int, run content.Run) {
	d.extend(number)
	was := d.runs[number-1]
	d.unsettled = d.unsettled || len(d.hosts) > 0 && (was == nil || !was.Started.Equal(run.Started))
	d.runs[number-1] = &run
}

// extend makes the report one of at least so many runs.
func (d *Draft) extend(runs int) {
	for len(d.runs) < runs {
		d.runs = append(d.runs, nil)
	}
}

// run returns what is known of a run.
func (d *Draft) run(number int) content.Run {
	if number > len(d.runs) || d.runs[number-1] == nil {
		return content.Run{}
	}
	return *d.runs[number-1]
}

// knows reports whether something is known of a run.
func (d *Draft) knows(number int) bool { return number <= len(d.runs) && d.runs[number-1] != nil }

// Note adds ground rules and services that cannot be tested remotely. The caller gives each
// once.
func (d *Draft) Note(rules []content.GroundRule, untestable []content.Untestable) {
	for _, rule := range rules {
		if !slices.ContainsFunc(d.head.GroundRules, func(g content.GroundRule) bool { return g.Text == rule.Text }) {
			d.head.GroundRules = append(d.head.GroundRules, rule) // the run of a far end that checked back has the same
		}
	}
	d.head.Untestable = append(d.head.Untestable, untestable...)
}

// WrittenTo tells the draft, for its formats, in which files the report is written.
func (d *Draft) WrittenTo(places []content.Place) { d.head.Elsewhere = places }

// ReadFrom tells the draft, for its formats, from which files the report was read.
func (d *Draft) ReadFrom(files []string) { d.head.Files = files }

// LeaveOut counts results that a saved report does not have, because it is a selection.
func (d *Draft) LeaveOut(results int) { d.head.Counts.LeftOut += results }

// Shelve makes the draft keep most of a long report in what fresh returns, instead of in
// memory. If fresh or a write fails, the rest stays in memory.
func (d *Draft) Shelve(fresh func() (Shelf, error)) { d.shelf.fresh = fresh }

// Join makes the draft pass the entries of each host that Take takes through join, which may
// change them, before it counts or selects anything.
func (d *Draft) Join(join func(content.Run, []content.Entry) error) { d.join = join }

// Counts returns how many results have come so far, by their grades.
func (d *Draft) Counts() content.Counts { return d.head.Counts }

// StandIn reports whether the servers of the report were exreach's own.
func (d *Draft) StandIn() bool {
	return len(d.runs) > 0 && !slices.ContainsFunc(d.runs, func(r *content.Run) bool { return r == nil || !r.StandIn })
}

// Add takes one more host, as judge.Hosts yields them, of the first run.
func (d *Draft) Add(host judge.Host) error {
	for _, r := range host.Rows {
		d.head.Learn(r.Check.Ground)
		d.head.Releases = cmp.Or(d.head.Releases, r.Check.Releases)
	}
	return d.take(1, content.Entries(host), host.Place)
}

// Learn adds a certificate of a saved report. The chains of entries that come later may
// name it by its fingerprint alone.
func (d *Draft) Learn(c tls12.Certificate) { d.chains.learn(c) }

// Take takes some entries of one host of a saved report, and of one run, whose number counts
// from 1. A host may come in several parts. The draft does not keep the slice.
func (d *Draft) Take(run int, entries []content.Entry) error {
	entries = slices.Clone(entries)
	if d.join != nil {
		if err := d.join(d.run(run), entries); err != nil {
			return err
		}
	}
	return d.take(run, entries, len(d.hosts))
}

func (d *Draft) take(run int, entries []content.Entry, order int) error {
	if run < 1 {
		return fmt.Errorf("run %d: the runs of a report count from 1", run)
	}
	d.extend(run)
	came := len(entries)
	entries = d.chosen.choose(run, entries)
	if d.head.Counts.LeftOut += came - len(entries); len(entries) == 0 {
		return nil
	}
	if err := d.chains.restore(entries); err != nil {
		return err
	}
	content.CountDays(entries, d.run(run).Started)
	for i := range entries {
		entries[i].Run = 0
		d.head.Partial = d.head.Partial || entries[i].Partial
		d.head.Counts.Add(entries[i].Grade)
		d.head.Counts.Care.Add(entries[i].Care)
	}
	sent := d.knows(run) && !d.waits
	d.waits = !sent
	if sent {
		if err := d.pass(content.Part{Run: d.run(run), Entries: entries}); err != nil {
			return err
		}
	}
	if !sent || d.keeps() {
		d.keep(run, entries, order, sent)
	}
	return nil
}

// keeps reports whether some format gets the hosts at the end.
func (d *Draft) keeps() bool {
	return slices.ContainsFunc(d.outlets, func(o outlet) bool { return o.Format.Whole })
}

// pass hands a part to the formats that get hosts as they come.
func (d *Draft) pass(p content.Part) error {
	for i := range d.outlets {
		o := &d.outlets[i]
		if o.Format.Whole {
			continue
		}
		if err := o.begin(d.head); err != nil {
			return err
		}
		if err := o.To.Host(p); err != nil {
			return err
		}
	}
	return nil
}

func (o *outlet) begin(h content.Head) error {
	if o.begun {
		return nil
	}
	o.begun = true
	return o.To.Begin(h)
}

// End ends the report.
func (d *Draft) End() error {
	if err := d.finish(); err != nil {
		return err
	}
	for i := range d.outlets {
		if err := d.end(&d.outlets[i]); err != nil {
			return err
		}
	}
	return nil
}

// end ends the report in one format.
func (d *Draft) end(o *outlet) error {
	d.head.Parts = d.parts(o.Format)
	if err := o.begin(d.head); err != nil {
		return err
	}
	for p, err := range d.head.Parts {
		if err == nil {
			err = o.To.Host(p)
		}
		if err != nil {
			return err
		}
	}
	return o.To.End(d.head)
}
