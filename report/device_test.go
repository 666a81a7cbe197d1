// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/content"
	"exreach/report/device"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// questionsAbout returns the commands and the notes for a device, of a report with these
// results.
func questionsAbout(t *testing.T, name string, results ...content.Entry) (commands string, notes []string) {
	t.Helper()
	d, err := device.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	q := device.NewQuestions(d)
	format := Questions(q)
	var out bytes.Buffer
	draft := NewDraft(Outlet{format, format.Report(&out, content.Style{})})
	draft.Know(1, content.NewRun("exreach", "client", scene.Began))
	for _, e := range results {
		if err := draft.Take(1, []content.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := draft.End(); err != nil {
		t.Fatal(err)
	}
	return out.String(), q.Notes()
}

// TestQuestions: each blocked port becomes one line, also if the results of a host come one
// by one and several services share the port.
func TestQuestions(t *testing.T) {
	at := func(host, address, service string, port uint16, verdict probe.Verdict) content.Entry {
		return content.Entry{
			Host: host, Version: "2019", Role: "mailbox", Service: service, Network: catalog.TCP, Port: port, Want: catalog.Required,
			Address: address, Source: "10.1.0.5", Verdict: verdict, Grade: judge.Fail,
		}
	}
	open := at("mail01", "192.0.2.10", "smtp", 25, probe.Answered)
	open.Grade = judge.Pass
	got, notes := questionsAbout(t, "asa",
		open, at("mail01", "192.0.2.10", "owa", 443, probe.TimedOut), at("mail01", "192.0.2.10", "ews", 443, probe.TimedOut),
		at("mail01", "192.0.2.10", "pop3", 110, probe.Refused), at("mail02", "192.0.2.11", "owa", 443, probe.TimedOut))
	want := "packet-tracer input INTERFACE tcp 10.1.0.5 49152 192.0.2.10 443\npacket-tracer input INTERFACE tcp 10.1.0.5 49152 192.0.2.11 443\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "left out") }) {
		t.Errorf("notes: %q", notes)
	}
}

// TestNoQuestions: of a report without blocked ports there is no line, and a note says so.
func TestNoQuestions(t *testing.T) {
	got, notes := questionsAbout(t, "windows")
	if got != "" || len(notes) != 1 || !strings.Contains(notes[0], "nothing to ask") {
		t.Errorf("%q, notes %q", got, notes)
	}
}

// TestQuestionsOfSeveralRuns: what a later run of the same source found open is not asked
// about.
func TestQuestionsOfSeveralRuns(t *testing.T) {
	d, err := device.Named("asa")
	if err != nil {
		t.Fatal(err)
	}
	format := Questions(device.NewQuestions(d))
	var out bytes.Buffer
	draft := NewDraft(Outlet{format, format.Report(&out, content.Style{})})
	for run, verdicts := range [][]probe.Verdict{{probe.TimedOut, probe.TimedOut}, {probe.Answered, probe.TimedOut}} {
		draft.Know(run+1, content.NewRun("exreach", "client", scene.Began.AddDate(0, 0, run)))
		for i, port := range []uint16{25, 443} {
			e := content.Entry{
				Host: "mail01", Version: "2019", Role: "mailbox", Service: "smtp", Network: catalog.TCP, Port: port, Want: catalog.Required,
				Address: "192.0.2.10", Source: "10.1.0.5", Verdict: verdicts[i], Grade: judge.Fail,
			}
			if e.Verdict == probe.Answered {
				e.Grade = judge.Pass
			}
			if err := draft.Take(run+1, []content.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := draft.End(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "packet-tracer input INTERFACE tcp 10.1.0.5 49152 192.0.2.10 443\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
