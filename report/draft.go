// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/report/judge"
)

// A Draft writes the report of a run while hosts come in: call Add for each, then End. A
// format that is Whole gets the hosts at the end, in the order of the plan; any other gets
// them as they come.
type Draft struct {
	to    Writer
	whole bool
	begun bool
	head  Head
	hosts []kept
	shelf shelf
}

// A kept is the entries of one host, and its place among the hosts.
type kept struct {
	place   int
	entries []Entry // nil if they are on the shelf
	shelved section
}

// New returns the head of the report of a run that began at started. tool is the program
// with its version, from is who the run connects as.
func New(tool, from string, started time.Time) Report {
	return Report{
		Schema:  Schema,
		Tool:    tool,
		From:    from,
		Started: started.UTC().Truncate(time.Millisecond),
	}
}

// Draft makes a Draft. to must be a Writer of f; begun is the head as far as it is known.
func (f Format) Draft(to Writer, begun Report) *Draft {
	return &Draft{to: to, whole: f.Whole, head: Head{Report: begun}}
}

// Shelve makes the draft keep most of a long report in what fresh returns, instead of in
// memory. If fresh or a write fails, the rest stays in memory.
func (d *Draft) Shelve(fresh func() (Shelf, error)) { d.shelf.fresh = fresh }

// Counts returns how many results have come so far, by their grades.
func (d *Draft) Counts() Counts { return d.head.Counts }

// Add takes one more host, as judge.Hosts yields them.
func (d *Draft) Add(host judge.Host) error {
	entries := Entries(host)
	for _, r := range host.Rows {
		d.head.Counts.Add(r.Grade)
		d.head.learn(r.Check.Ground)
		d.head.releases = cmp.Or(d.head.releases, r.Check.Releases)
	}
	d.head.Hosts++
	if !d.whole {
		if err := d.begin(); err != nil {
			return err
		}
		return d.to.Host(entries)
	}
	d.head.columns.measure(entries)
	h := kept{place: host.Place}
	var shelved bool
	if h.shelved, shelved = d.shelf.put(entries); !shelved {
		h.entries = entries
	}
	d.hosts = append(d.hosts, h)
	return nil
}

// Entries returns the entries of a host that was judged. The host must have rows.
func Entries(h judge.Host) []Entry {
	entries := make([]Entry, 0, len(h.Rows))
	for _, r := range h.Rows {
		entries = append(entries, entryOf(r))
	}
	entries[0].Identified = h.Identified
	return entries
}

// entryOf makes the entry of one row.
func entryOf(r judge.Row) Entry {
	c := r.Check
	e := Entry{
		Host:     c.Host,
		Version:  c.Version,
		Role:     c.Service.Role,
		Service:  c.Service.Name,
		Network:  c.Service.Network,
		Port:     r.Port,
		Protocol: c.Service.Protocol,
		TLS:      cmp.Or(c.Service.TLS, catalog.NoTLS),
		Want:     c.Want,
		OneOf:    c.Service.OneOf,
		Path:     c.Service.Page(),
		Name:     NewName(r.Name),
		Address:  text(r.Address),
		Verdict:  r.Verdict,
		Obstacle: r.Obstacle,
		Grade:    r.Grade,
		Care:     r.Care,
		Step:     r.Step,
		Tries:    r.Tries,
		Took:     inSeconds(r.Took),
		RTT:      inSeconds(r.RTT),
		Steps:    make([]Step, 0, len(r.Steps)),
		Detail:   r.Detail,
		Evidence: r.Evidence,
		Findings: r.Findings,
		SaidBy:   text(r.SaidBy),
		Peer:     r.Peer,
		Silence:  r.Silence,
		Parent:   r.Parent,
	}
	if w := r.Witness; w != nil {
		e.Witness = &Witness{Port: w.Port, Answers: w.Answers}
	}
	if c := r.Crowded; c != nil {
		e.Crowded = &Crowded{Verdict: c.Verdict, Open: c.Open}
	}
	if r.Trace != nil {
		trace := NewTrace(*r.Trace)
		e.Trace = &trace
	}
	for _, t := range r.Steps {
		e.Steps = append(e.Steps, Step{Step: t.Step, Took: inSeconds(t.Took)})
	}
	return e
}

func (d *Draft) begin() error {
	if d.begun {
		return nil
	}
	d.begun = true
	return d.to.Begin(d.head)
}

// End ends the report of a run that took this long and left this many hosts unasked.
func (d *Draft) End(took time.Duration, unasked int) error {
	f := d.finish(took, unasked)
	if d.whole {
		return f.Write(d.to)
	}
	if err := d.begin(); err != nil {
		return err
	}
	return d.to.End(f.Head)
}

// finish returns the complete report, with the hosts in the order of the plan. It reads
// no entries yet.
func (d *Draft) finish(took time.Duration, unasked int) Finished {
	slices.SortStableFunc(d.hosts, func(a, b kept) int { return cmp.Compare(a.place, b.place) })
	d.head.Took, d.head.Counts.Hosts.Unasked = inSeconds(took), unasked
	slices.SortFunc(d.head.GroundRules, func(a, b GroundRule) int { return cmp.Compare(a.Text, b.Text) })
	return Finished{d.head, d.parts}
}

// parts yields the entries of each host, from memory or from the shelf.
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

// A Finished is a report that is complete. Its results need not be in memory; it can be
// written any number of times.
type Finished struct {
	Head
	parts parts
}

// parts yields the results of a report in its order, one host at a time; a report in
// memory yields all at once. The slice is the reader's until it asks for the next one.
// An error is an *UnreadError, and ends the sequence.
type parts = iter.Seq2[[]Entry, error]

// An UnreadError says that the results of a report could not be read while it was
// written.
type UnreadError struct{ error }

func (e *UnreadError) Unwrap() error { return e.error }

// Finished returns the report as complete, with its results in memory.
func (r Report) Finished() Finished {
	results := r.Results
	hosts := map[string]bool{}
	for i := range results {
		hosts[results[i].Host] = true
	}
	f := Finished{Head{Report: r, Hosts: len(hosts)}, func(yield func([]Entry, error) bool) { yield(results, nil) }}
	f.columns.measure(results)
	f.Results = []Entry{}
	return f
}

// Write writes the report.
func (f Finished) Write(to Writer) error {
	if err := to.Begin(f.Head); err != nil {
		return err
	}
	for entries, err := range f.parts {
		if err == nil {
			err = to.Host(entries)
		}
		if err != nil {
			return err
		}
	}
	return to.End(f.Head)
}
