// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"context"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/identity"
	"exreach/report/judge/scene"
	"exreach/report/schema"
)

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

// newDraft returns a draft that writes one format.
func newDraft(t testing.TB, format string, to io.Writer, s content.Style) *report.Draft {
	t.Helper()
	f, err := report.FormatNamed(format, report.FormatNames())
	if err != nil {
		t.Fatal(err)
	}
	return report.NewDraft(report.Outlet{Format: f, To: f.Report(to, s)})
}

// A text is a saved report with its name.
type text struct{ name, text string }

// readBack is a saved report with its results in memory.
func readBack(name string, r io.Reader) (content.Report, error) {
	var m memory
	d := report.NewDraft(report.Outlet{Format: report.Format{Whole: true}, To: &m})
	err := NewReader(d).Read(name, r)
	if err == nil {
		err = d.End()
	}
	return m.report, err
}

// join is several saved reports in one, with its results in memory.
func join(texts ...text) (content.Report, error) {
	var m memory
	d := report.NewDraft(report.Outlet{Format: report.Format{Whole: true}, To: &m})
	r := NewReader(d)
	for _, text := range texts {
		if err := r.Read(text.name, strings.NewReader(text.text)); err != nil {
			return content.Report{}, err
		}
	}
	err := d.End()
	return m.report, err
}

// network is the report of a run that found something of everything.
func network() content.Report {
	results := scene.Network()
	for i := range results {
		scene.ReadFacts(results[i].Peer)
		results[i].Check.Ground = []catalog.GroundRule{{Text: "Open every port.", Sources: []catalog.Source{{Key: "NP", Title: "network ports"}}}}
		if results[i].Verdict == probe.TimedOut {
			beside := scene.Way(443, "10.0.1.1", "10.0.2.2!accepted")
			results[i].Trace = &hops.Trace{Path: scene.Way(587, "10.0.1.1", "-", "-"), Beside: &beside}
		}
	}
	results[1].Name = &lookup.Name{Found: "mail01.corp.example", Alias: "lb.corp.example", By: "10.77.3.53", Count: 1}
	var m memory
	d := report.NewDraft(report.Outlet{Format: report.Format{Whole: true}, To: &m})
	head := content.NewRun("exreach 0.2.0", "client", scene.Began)
	head.Machine, head.Options = "admin01", content.Options{"only": {"443", "smtp"}, "gentle": {"true"}}
	head.Took, head.Unasked, head.Unread = 7.24, 2, true
	d.Know(1, head)
	for host := range judge.Hosts(context.Background(), scene.HostsOf(results), scene.Began, nil) {
		host.Identified = &identity.Identified{Products: []string{"Exchange Server"}, Candidates: []string{"2016", "2019"}, CheckedAs: []identity.TakenRole{{Version: "2019", Role: "mailbox", Because: []string{"443/owa"}}}, Signs: []identity.Sign{{Service: "smtp", Port: 25, Said: "ESMTP"}}}
		_ = d.Add(host) // to memory
	}
	d.Note(nil, []content.Untestable{{
		Version: "2019", Role: "mailbox", Service: "rpc-dynamic", Network: "tcp", Ports: "49152-65535", Reason: "The mapper names what is used.",
	}})
	_ = d.End()
	return m.report
}

// write renders r in a format.
func write(t testing.TB, format string, r content.Report, s content.Style) string {
	t.Helper()
	var out strings.Builder
	d := newDraft(t, format, &out, s)
	runs := r.Runs
	if runs == nil {
		run := r.RunOf(0)
		run.Unasked, run.Unread = r.Counts.Hosts.Unasked, r.Counts.Hosts.Unread
		runs = []content.Run{run}
	}
	for i, run := range runs {
		d.Know(i+1, run)
	}
	d.Note(r.GroundRules, r.Untestable)
	for i := range r.Results {
		if err := d.Take(max(1, r.Results[i].Run), r.Results[i:i+1]); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return out.String()
}

// follow wants JSON to follow its schema.
func follow(t testing.TB, text string) {
	t.Helper()
	s, err := schema.Open("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check([]byte(text)); err != nil {
		t.Errorf("%v in\n%.3000s", err, text)
	}
}

// asSaved compares entries by what is saved of them: what only code reads of a peer
// is gone by then.
var asSaved = cmp.Options{
	cmpopts.IgnoreUnexported(content.Entry{}, web.Web{}, identity.Identified{}, identity.Sign{}),
	cmpopts.IgnoreFields(protocol.Peer{}, "Logins", "Page", "Directory", "Clock"),
}

// hostile is text that would move the cursor, set a title, hide or turn words.
const hostile = "a\x1b[2J\x1b]0;title\x07b\r\nc\u202ed\u0085e\x9bf\u009bg\x7f\x00"

// hostileReport has the text in every place that a peer or a user can fill, and the words
// that decide what a result means.
func hostileReport() content.Report {
	e := content.Entry{
		Host: hostile, Version: hostile, Role: hostile, Service: hostile, Network: hostile, Port: 25, Protocol: hostile, TLS: hostile,
		Want: "required", Address: hostile, Source: hostile, Verdict: "refused", Grade: judge.Fail, Care: judge.Warn, Step: hostile,
		Steps: []content.Step{{Step: hostile}}, OneOf: hostile, Path: hostile, Silence: hostile, Site: hostile, Labels: map[string]string{hostile: hostile},
		Detail: hostile, Evidence: hostile, SaidBy: hostile, Parent: hostile, Took: 1e300,
		Name:       &content.Name{By: hostile, Found: hostile, Alias: hostile, Unusable: []string{hostile}, LeftOut: []string{hostile}, Unanswered: []string{hostile}},
		Findings:   []judge.Finding{{Code: hostile, Text: hostile, Hint: hostile, Weight: judge.Warn, WeighsOn: judge.OnCare}},
		Crowded:    &content.Crowded{Verdict: hostile},
		Identified: &identity.Identified{Products: []string{hostile}, Candidates: []string{hostile}, Signs: []identity.Sign{{Service: hostile, Said: hostile}}},
		Trace: &content.Trace{
			Outcome: hostile, Sentence: hostile, Hops: []content.Hop{{Said: hostile, From: []string{hostile}}},
			Beside: &content.Beside{Network: hostile, Hops: []content.Hop{{Said: hostile}}},
		},
		Peer: &protocol.Peer{
			Greeting: hostile, GreetingRest: []string{hostile}, Capabilities: []string{hostile}, Facts: map[string]string{hostile: hostile}, Refusal: hostile, Reason: hostile,
			Withheld: []string{hostile}, Web: &web.Web{Name: hostile, Sign: hostile, Server: hostile, Odd: []string{hostile}},
			Endpoints: []rpc.Endpoint{{UUID: hostile, Annotation: hostile}},
			TLS: &protocol.TLSInfo{
				Version: hostile, Cipher: hostile, TrustError: hostile, Unreadable: hostile,
				Chain: []tls12.Certificate{{SHA256: strings.Repeat("0a", 32), Subject: hostile, Issuer: hostile, Key: hostile, Names: []string{hostile}}},
			},
		},
	}
	whole := e
	whole.Host, whole.Verdict, whole.Grade = "gone"+hostile, probe.Unresolved, judge.Unknown
	return content.Report{
		Schema: content.Schema, Tool: hostile, From: hostile, Machine: hostile, Started: scene.Began, Results: []content.Entry{e, e, whole},
		Hosts:   []content.Summary{{Host: hostile, Answer: hostile}},
		Options: content.Options{hostile: {hostile}}, GroundRules: []content.GroundRule{{Text: hostile, Sources: []string{hostile}}},
		Untestable: []content.Untestable{{Version: hostile, Role: hostile, Service: hostile, Network: hostile, Ports: hostile, Reason: hostile}},
	}
}

func checkHarmless(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%s: %U reaches the reader: %.200q", what, r, text)
			return
		}
	}
}
