// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
	"exreach/report/schema"
)

// newDraft begins a report that is written when everything is known.
func newDraft(to Writer) *Draft {
	d := NewDraft(Outlet{Format{Whole: true}, to})
	d.Know(1, content.NewRun("exreach", "client", scene.Began))
	return d
}

// draft is the report of some results.
func draft(results []probe.Result) content.Report {
	var m memory
	d := newDraft(&m)
	run := content.NewRun("exreach 0.1.0", "client", scene.Began)
	run.Machine, run.Took = "admin01", content.InSeconds(7240*time.Millisecond)
	d.Know(1, run)
	for _, r := range results {
		scene.ReadFacts(r.Peer)
	}
	for host := range judge.Hosts(context.Background(), scene.HostsOf(results), scene.Began, nil) {
		_ = d.Add(host) // to memory
	}
	_ = d.End()
	return m.report
}

// A memory is a format that keeps a report as it is.
type memory struct{ report content.Report }

func (m *memory) Begin(h content.Head) error {
	m.report = h.Report
	m.report.Results = []content.Entry{}
	return nil
}

func (m *memory) Host(p content.Part) error {
	m.report.Results = append(m.report.Results, p.Entries...)
	return nil
}

func (m *memory) End(content.Head) error { return nil }

// put writes a report in a format.
func put(w io.Writer, format string, r content.Report, s content.Style) error {
	as, err := FormatNamed(format, FormatNames())
	if err != nil {
		return err
	}
	d := NewDraft(Outlet{as, as.Report(w, s)})
	run := r.RunOf(0)
	run.Unasked, run.Unread = r.Counts.Hosts.Unasked, r.Counts.Hosts.Unread
	d.Know(1, run)
	d.Note(r.GroundRules, r.Untestable)
	for rest := r.Results; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Host == rest[0].Host {
			n++
		}
		if err := d.Take(1, rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return d.End()
}

// putTrace writes a trace in a format.
func putTrace(w io.Writer, format string, r content.TraceReport, s content.Style) error {
	as, err := FormatNamed(format, TraceFormatNames())
	if err != nil {
		return err
	}
	return as.Trace(w, r, s)
}

// alone is the entry of a result that has none beside it.
func alone(r probe.Result) content.Entry { return draft([]probe.Result{r}).Results[0] }

func unconfirmed(r *probe.Result) {
	r.Check.Service.Verified, r.Check.Service.Note = false, "Seen on one server only."
}

func portless(r *probe.Result) { r.Port, r.Check.Service.Ports = 0, catalog.Ports{} }

func controlPort(s *scene.Scene, change func(*probe.Result)) {
	s.Add(catalog.Control, 5893, scene.All(scene.Want(catalog.Off), change))
}

// follow wants JSON to follow its schema.
func follow(t *testing.T, text []byte) {
	t.Helper()
	s, err := schema.Open("../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(text); err != nil {
		t.Errorf("%v in\n%.3000s", err, text)
	}
}

// asSaved compares entries by what is saved of them: what only code reads of a peer
// is gone by then.
var asSaved = cmp.Options{
	cmpopts.IgnoreUnexported(content.Entry{}, web.Web{}),
	cmpopts.IgnoreFields(protocol.Peer{}, "Logins", "Page", "Directory", "Clock"),
}
