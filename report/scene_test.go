// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"io"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// What the tests of this package take from a scene.
var (
	began     = scene.Began
	healthy   = scene.Healthy
	verdict   = scene.Verdict
	all       = scene.All
	want      = scene.Want
	child     = scene.Child
	network   = scene.Network
	hostsOf   = scene.HostsOf
	readFacts = scene.ReadFacts
	named     = scene.Named
	ips       = scene.IPs
	way       = scene.Way
)

// newDraft begins a report that is written when everything is known.
func newDraft(to Writer) *Draft {
	return Format{Whole: true}.Draft(to, New("exreach", "client", began))
}

// draft is the report of some results.
func draft(results []probe.Result) Report {
	var m memory
	d := newDraft(&m)
	d.head.Tool, d.head.Machine = "exreach 0.1.0", "admin01"
	for _, r := range results {
		readFacts(r.Peer)
	}
	for host := range judge.Hosts(context.Background(), hostsOf(results), began, nil) {
		_ = d.Add(host) // to memory
	}
	_ = d.End(7240*time.Millisecond, 0)
	return m.report
}

// A memory is a format that keeps a report as it is.
type memory struct{ report Report }

func (m *memory) Begin(h Head) error {
	m.report = h.Report
	m.report.Results = []Entry{}
	return nil
}

func (m *memory) Host(entries []Entry) error {
	m.report.Results = append(m.report.Results, entries...)
	return nil
}

func (m *memory) End(Head) error { return nil }

// put writes a report in a format.
func put(w io.Writer, format string, f Finished, s Style) error {
	as, err := FormatNamed(format, FormatNames())
	if err != nil {
		return err
	}
	return f.Write(as.Report(w, s))
}

// putTrace writes a trace in a format.
func putTrace(w io.Writer, format string, r TraceReport, s Style) error {
	as, err := FormatNamed(format, TraceFormatNames())
	if err != nil {
		return err
	}
	return as.Trace(w, r, s)
}

// alone is the entry of a result that has none beside it.
func alone(r probe.Result) Entry { return draft([]probe.Result{r}).Results[0] }

func unconfirmed(r *probe.Result) {
	r.Check.Service.Verified, r.Check.Service.Note = false, "Seen on one server only."
}

func portless(r *probe.Result) { r.Port, r.Check.Service.Ports = 0, catalog.Ports{} }

func controlPort(s *scene.Scene, change func(*probe.Result)) {
	s.Add(catalog.Control, 5893, all(want(catalog.Off), change))
}
