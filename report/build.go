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
	report  Report
	results []probe.Result
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

// Add keeps a result.
func (d *Draft) Add(r probe.Result) {
	if !Untold(r) {
		d.results = append(d.results, r)
	}
}

// Report ends the draft: only now that all results of a host are known can each
// be judged beside the others. Hosts stand in the order of the plan, then their
// addresses, then the order of the plan again, with what an endpoint mapper led
// to right behind it.
func (d *Draft) Report(took time.Duration) Report {
	r := d.report
	r.Took = inSeconds(took)
	r.Results = []Entry{}
	hosts := map[string][]probe.Result{}
	for _, result := range d.results {
		hosts[result.Check.Host] = append(hosts[result.Check.Host], result)
	}
	for _, result := range d.results {
		e := judge(seen{
			Result:  result,
			started: r.Started,
			ended:   r.Started.Add(took),
			beside:  hosts[result.Check.Host],
		})
		e.order = result.Check.Order
		r.Results = append(r.Results, e)
		r.Counts.Add(e.Grade)
	}
	arrange(r.Results)
	return r
}

// Judge makes the entry of one result in a run that began at started. It is for
// callers that keep nothing: what only the results of a host together show is
// not found.
func Judge(r probe.Result, started time.Time) Entry {
	return judge(seen{Result: r, started: started})
}

func judge(s seen) Entry {
	s.grade = gradeOf(s.Check.Want, s.Verdict)
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
		Address:  text(s.Address),
		Verdict:  string(s.Verdict),
		Grade:    grade,
		Step:     string(s.Step),
		Tries:    s.Tries,
		Took:     inSeconds(s.Took),
		RTT:      inSeconds(s.RTT),
		Steps:    []Step{},
		Detail:   s.Detail,
		Evidence: s.Evidence,
		Findings: findings,
		SaidBy:   text(s.SaidBy),
		Peer:     s.Peer,
		Parent:   s.Parent,
	}
	if w := s.Witness; w != nil {
		e.Witness = &Witness{Port: w.Port, Answers: w.Answers}
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
