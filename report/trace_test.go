// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe"
	"exreach/probe/hops"
	"exreach/report/content"
	"exreach/report/judge/route"
	"exreach/report/judge/scene"
	"exreach/report/table"
)

func besides(p hops.Path) *hops.Path { return &p }

const there = "10.0.9.9!accepted"

// blockedTrace is a trace as the firewall of the lab makes it.
func blockedTrace() *hops.Trace {
	return &hops.Trace{Path: scene.Way(587, "10.0.1.1", "10.0.2.2", "-", "-", "-"), Beside: besides(scene.Way(443, "10.0.1.1", "10.0.2.2", there))}
}

// tracedScene is two services at a port that is dropped, and one that answers.
func tracedScene() content.Report {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "10.0.9.9", From: "client"}
	dropped := scene.All(scene.Verdict(probe.TimedOut, "no reply"), func(r *probe.Result) { r.Trace = blockedTrace() })
	s.Add("smtp-submission", 587, dropped)
	s.Add("smtp-relay", 587, dropped)
	s.Add("owa", 443, nil)
	return draft(s.Results)
}

// A report with traces follows the schema.
func TestTraceInReport(t *testing.T) {
	r := tracedScene()
	var text bytes.Buffer
	if err := put(&text, "json", r, content.Style{}); err != nil {
		t.Fatal(err)
	}
	follow(t, text.Bytes())
	if r.Results[0].Trace == nil || r.Results[2].Trace != nil {
		t.Error("want a trace at what timed out, and only there")
	}
}

// The table tells where a port stops under its first row, and not again.
func TestTraceInTable(t *testing.T) {
	var text strings.Builder
	if err := put(&text, "table", tracedScene(), content.Style{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text.String(), "Port 587 stops after 10.0.2.2, port 443 goes on to the server"); n != 1 {
		t.Errorf("it is told %d times:\n%s", n, text.String())
	}
}

// A second port that stops after the same hop says so in a line.
func TestTraceOfSecondPort(t *testing.T) {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "10.0.9.9", From: "client"}
	beside := besides(scene.Way(443, "10.0.1.1", "10.0.2.2", there))
	for _, port := range []uint16{25, 587, 993} {
		path := scene.Way(port, "10.0.1.1", "10.0.2.2", "-", "-", "-")
		if port == 993 {
			path = scene.Way(port, "10.0.1.1", "-", "-", "-")
		}
		s.Add(fmt.Sprint("service-", port), port, scene.All(scene.Verdict(probe.TimedOut, "no reply"), func(r *probe.Result) {
			r.Trace = &hops.Trace{Path: path, Beside: beside}
		}))
	}
	s.Add("owa", 443, nil)
	var text strings.Builder
	if err := put(&text, "table", draft(s.Results), content.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Port 25 stops after 10.0.2.2, port 443 goes on", "  Stops after 10.0.2.2, too: see port 25.\n", "Port 993 stops after 10.0.1.1, port 443 goes on"} {
		if strings.Count(text.String(), want) != 1 {
			t.Errorf("want %q once in\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "Port 587 stops") {
		t.Errorf("the sentence stands twice:\n%s", text.String())
	}
}

// What was not traced says why in JSON and on screen, and is counted by its ports. A port
// that another one of its address was traced for is not missing.
func TestUntraced(t *testing.T) {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "10.0.9.9", From: "client"}
	for i, why := range []probe.Untraced{probe.TraceTimeUp, probe.TraceTimeUp, probe.TraceInterrupted, probe.SamePath} {
		s.Add(fmt.Sprint("service-", i), []uint16{587, 587, 25, 110}[i], scene.All(scene.Verdict(probe.TimedOut, "no reply"), func(r *probe.Result) { r.Untraced = why }))
	}
	s.Add("owa", 443, nil)
	r := draft(s.Results)
	if r.Counts.Untraced != 2 {
		t.Errorf("%d ports are counted as not traced, want 2", r.Counts.Untraced)
	}
	var document bytes.Buffer
	if err := put(&document, "json", r, content.Style{}); err != nil {
		t.Fatal(err)
	}
	follow(t, document.Bytes())
	want := &content.Trace{Outcome: route.NotTraced, Reason: probe.TraceTimeUp, Sentence: "Not traced: the time for all traces of the run was used up.", Hops: []content.Hop{}}
	if diff := cmp.Diff(want, r.Results[0].Trace); diff != "" {
		t.Errorf("- wanted, + got:\n%s", diff)
	}
	var text strings.Builder
	if err := put(&text, "table", r, content.Style{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Not traced: the time for all traces of the run was used up.\n", "Not traced: the run was interrupted.\n", "; 2 ports not traced\n"} {
		if strings.Count(text.String(), want) != 1 {
			t.Errorf("want %q once in\n%s", want, text.String())
		}
	}
}

// A trace says in JSON after which hop the port stops, and with which port it shares its
// path.
func TestTraceShared(t *testing.T) {
	first := scene.Way(587, "10.0.1.1", "10.0.2.2", "-").Target
	path := scene.Way(587, "10.0.1.1", "10.0.2.2")
	path.Hops = path.Hops[1:]
	got := content.NewTrace(hops.Trace{Path: path, Beside: besides(scene.Way(443, "10.0.1.1", "10.0.2.2", there)), Shared: &first})
	if want := (&content.TracedPort{Address: "10.0.9.9", Network: "tcp", Port: 587}); got.After != "10.0.2.2" || !cmp.Equal(got.SharedWith, want) || len(got.Hops) != 1 || got.Hops[0].TTL != 2 {
		t.Errorf("%+v, shared with %+v", got, got.SharedWith)
	}
}

func traceReport() content.TraceReport {
	return content.TraceReport{
		Schema: content.TraceSchema, Tool: "exreach 0.1.0", Host: "mail01.contoso.com", Network: "tcp", Port: 587, Started: scene.Began, Took: 4.4,
		Traces: []content.Traced{
			{Address: "10.0.9.9", Trace: content.NewTrace(*blockedTrace())},
			{Address: "10.0.9.10", Trace: content.NewTrace(hops.Trace{Path: scene.Way(587, "-", "10.0.9.9!accepted")})},
		},
	}
}

func TestTraceTable(t *testing.T) {
	const want = `mail01.contoso.com  10.0.9.9
  hop  587/tcp         443/tcp
    1  10.0.1.1  2 ms  10.0.1.1  2 ms
    2  10.0.2.2  2 ms  10.0.2.2  2 ms
    3  no answer       10.0.9.9  2 ms  accepted
  Port 587 stops after 10.0.2.2, port 443 goes on to the server: what
  drops it is 10.0.2.2 or the server's own firewall.

mail01.contoso.com  10.0.9.10
  hop  587/tcp
    1  no answer
    2  10.0.9.9  2 ms  accepted
  Port 587 goes through to the server, at hop 2: nothing on the path
  blocks it. Hop 1 does not answer but lets it pass.

`
	var text strings.Builder
	if err := putTrace(&text, "table", traceReport(), content.Style{Width: 70}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, text.String()); diff != "" {
		t.Errorf("- wanted, + written:\n%s", diff)
	}
	text.Reset()
	if err := putTrace(&text, "table", traceReport(), content.Style{Width: 30}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if table.Columns(strings.TrimSuffix(line, "\n")) > 30 {
			t.Errorf("wider than the terminal: %q", line)
		}
	}
}

func TestTraceDocument(t *testing.T) {
	var text bytes.Buffer
	if err := putTrace(&text, "json", traceReport(), content.Style{}); err != nil {
		t.Fatal(err)
	}
	follow(t, text.Bytes())
}

func TestWorstOutcome(t *testing.T) {
	of := func(outcomes ...route.Outcome) content.TraceReport {
		var r content.TraceReport
		for _, o := range outcomes {
			r.Traces = append(r.Traces, content.Traced{Trace: content.Trace{Outcome: o}})
		}
		return r
	}
	for _, tt := range []struct {
		report content.TraceReport
		want   route.Outcome
	}{
		{of(), route.Undecided},
		{of(route.Open), route.Open},
		{of(route.Open, route.Undecided, route.Open), route.Undecided},
		{of(route.Blocked, route.Undecided), route.Blocked},
		{of(route.Undecided, route.Blocked, route.Open), route.Blocked},
	} {
		if got := tt.report.Worst(); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.report.Traces, got, tt.want)
		}
	}
}
