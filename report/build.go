// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
)

// A Draft is a report that is still being written: hosts go in as they come.
type Draft struct {
	report  Report
	columns columns
	hosts   []entriesOf
	shelf   shelf

	releases *catalog.Releases // that the checks know
}

// entriesOf is the entries of one host, and where it stands.
type entriesOf struct {
	first   int     // the lowest order of its checks
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

// Add takes the entries of one more host, as Hosts yields them.
func (d *Draft) Add(entries []Entry) {
	h := entriesOf{first: entries[0].order}
	for _, e := range entries {
		h.first = min(h.first, e.order)
		d.report.Counts.Add(e.Grade)
		d.report.learn(e.ground)
		d.releases = cmp.Or(d.releases, e.releases)
	}
	d.columns.measure(entries)
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
	slices.SortStableFunc(d.hosts, func(a, b entriesOf) int { return cmp.Compare(a.first, b.first) })
	r := d.report
	r.Took, r.Results = inSeconds(took), []Entry{}
	slices.SortFunc(r.GroundRules, func(a, b GroundRule) int { return cmp.Compare(a.Text, b.Text) })
	return Finished{Report: r, hosts: len(d.hosts), columns: d.columns, parts: d.parts, releases: d.releases}
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

// judge makes the entry of one result.
func judge(s seen) Entry {
	s.answer = answerTo(s.Result)
	s.signs = sync.OnceValue(s.answer.signs)
	s.want = s.effective()
	if s.grade = gradeOf(s.want, s.Verdict); s.hurried || s.undecided() {
		s.grade = Unknown
	}
	findings, grade := find(s)
	c := s.Check
	e := Entry{
		Host:     c.Host,
		Version:  c.Version,
		Role:     c.Service.Role,
		Service:  c.Service.Name,
		Network:  string(c.Service.Network),
		Port:     s.Port,
		Protocol: c.Service.Protocol,
		TLS:      string(cmp.Or(c.Service.TLS, catalog.NoTLS)),
		Want:     string(c.Want),
		OneOf:    c.Service.OneOf,
		Path:     s.answer.path,
		Name:     NewName(s.Name),
		Address:  text(s.Address),
		Verdict:  string(s.Verdict),
		Obstacle: string(s.Obstacle),
		Grade:    grade,
		Step:     string(s.Step),
		Tries:    s.Tries,
		Took:     inSeconds(s.Took),
		RTT:      inSeconds(s.RTT),
		Steps:    make([]Step, 0, len(s.Steps)),
		Detail:   s.Detail,
		Evidence: s.Evidence,
		Findings: findings,
		SaidBy:   text(s.SaidBy),
		Peer:     s.Peer,
		Silence:  string(s.delivery()),
		Parent:   s.Parent,
		order:    c.Order,
		ground:   c.Ground,
		releases: c.Releases,
	}
	if w := s.Witness; w != nil {
		e.Witness = &Witness{Port: w.Port, Answers: w.Answers}
	}
	if c := s.Crowded; c != nil {
		e.Crowded = &Crowded{Verdict: string(c.Verdict), Open: c.Open}
	}
	if s.Trace != nil {
		trace := NewTrace(*s.Trace)
		e.Trace = &trace
	}
	for _, t := range s.Steps {
		e.Steps = append(e.Steps, Step{Step: string(t.Step), Took: inSeconds(t.Took)})
	}
	return e
}

// text is an address, or nothing where there is none.
func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// inSeconds keeps microseconds, below which a network says nothing.
func inSeconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e6) / 1e6 }
