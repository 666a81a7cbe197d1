// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"math"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// A Draft is a report that is still being written: results go in as they come.
type Draft struct {
	report Report
}

// New begins the report of a run that starts now. tool is the program with its
// version, from is who the run connects as.
func New(tool, from string, started time.Time) *Draft {
	return &Draft{Report{
		Schema:  Schema,
		Tool:    tool,
		From:    from,
		Started: started.UTC().Truncate(time.Millisecond),
		Results: []Entry{},
	}}
}

// Add judges a result, keeps it and returns it as it will stand in the report.
func (d *Draft) Add(r probe.Result) Entry {
	e := Judge(r, d.report.Started)
	e.order = r.Check.Order
	d.report.Results = append(d.report.Results, e)
	d.report.Counts.Add(e.Grade)
	return e
}

// Report ends the draft: hosts in the order of the plan, then their addresses,
// then the order of the plan again, with what an endpoint mapper led to right
// behind it.
func (d *Draft) Report(took time.Duration) Report {
	d.report.Took = inSeconds(took)
	arrange(d.report.Results)
	return d.report
}

// Judge makes the entry of one result in a run that began at started. It is for
// callers that keep nothing; Draft.Add is for all others.
func Judge(r probe.Result, started time.Time) Entry {
	c := r.Check
	findings, grade := find(seen{
		Result:  r,
		grade:   gradeOf(c.Want, r.Verdict),
		started: started,
	})
	e := Entry{
		Host:     c.Host,
		Version:  c.Version,
		Role:     c.Service.Role,
		Service:  c.Service.Name,
		Network:  string(c.Service.Network),
		Port:     r.Port,
		Protocol: c.Service.Protocol,
		TLS:      string(cmp.Or(c.Service.TLS, catalog.NoTLS)),
		Want:     string(c.Want),
		Address:  text(r.Address),
		Verdict:  string(r.Verdict),
		Grade:    grade,
		Step:     string(r.Step),
		Tries:    r.Tries,
		Took:     inSeconds(r.Took),
		Steps:    []Step{},
		Detail:   r.Detail,
		Evidence: r.Evidence,
		Findings: findings,
		SaidBy:   text(r.SaidBy),
		Peer:     r.Peer,
		Parent:   r.Parent,
	}
	for _, t := range r.Steps {
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
