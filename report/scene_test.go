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

// newDraft begins a report that is written when everything is known.
func newDraft(to Writer) *Draft {
	return Format{Whole: true}.Draft(to, New("exreach", "client", scene.Began))
}

// draft is the report of some results.
func draft(results []probe.Result) Report {
	var m memory
	d := newDraft(&m)
	d.head.Tool, d.head.Machine = "exreach 0.1.0", "admin01"
	for _, r := range results {
		scene.ReadFacts(r.Peer)
	}
	for host := range judge.Hosts(context.Background(), scene.HostsOf(results), scene.Began, nil) {
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
	s.Add(catalog.Control, 5893, scene.All(scene.Want(catalog.Off), change))
}
