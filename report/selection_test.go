// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/identity"
	"exreach/report/judge/scene"
)

// selected is the table of what a selection leaves of a host at which 587 is blocked.
func selected(t *testing.T, format string, s Selection) string {
	t.Helper()
	entries := draft(mailbox("mail01", func(service string, r *probe.Result) {
		closedRightly(service, r)
		if r.Port == 587 || r.Port == 25 {
			scene.Verdict(probe.TimedOut, "no reply")(r)
		}
	}).Results).Results
	entries[0].Identified = &identity.Identified{Candidates: []string{"2016", "2019"}}
	f, err := FormatNamed(format, FormatNames())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	d := NewDraft(Outlet{f, f.Report(&text, content.Style{Width: 100})})
	d.Know(1, content.NewRun("exreach 1.0.0", "client", scene.Began))
	d.Select(s)
	for _, e := range entries {
		if err := d.Take(1, []content.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A selection says that it is one, and nothing of the host as a whole: that the ports of the
// selection time out does not mean that the host is down.
func TestSelection(t *testing.T) {
	for name, test := range map[string]struct {
		selection  Selection
		says, hush string
	}{
		"grades": {Selection{Grades: []judge.Grade{judge.Fail, judge.Warn}}, "mail01: In this selection: 1 port blocked: 587; 1 optional blocked: 25 (2 of 2 services).", "host down"},
		"ports":  {Selection{Only: func(e content.Entry) bool { return e.Port == 443 }}, "mail01: In this selection: all 3 required services reachable.", "587"},
		"hosts":  {Selection{Host: func(name string) bool { return name == "mail01" }}, "mail01: 1 port blocked: 587; 1 optional blocked: 25 (2 of 7 services).", "selection"},
		"none":   {Selection{Host: func(name string) bool { return name == "mail02" }}, "Nothing is selected: ", "mail01"},
	} {
		got := selected(t, "table", test.selection)
		if !strings.Contains(got, test.says) || strings.Contains(got, test.hush) {
			t.Errorf("%s: wanted %q, and not %q, in\n%s", name, test.says, test.hush, got)
		}
	}
}

// What a host was found to be stays with the first result that is left.
func TestSelectionKeepsVersion(t *testing.T) {
	got := selected(t, "jsonl", Selection{Grades: []judge.Grade{judge.Fail}})
	if strings.Count(got, `"identified"`) != 1 || strings.Count(got, `"partial":true`) != strings.Count(got, "\n") {
		t.Errorf("got\n%s", got)
	}
}

// A selection says how much it left out, also when it is read again, and shows no certificate
// of a host that is not in it.
func TestSelectionLeavesOut(t *testing.T) {
	r := draft(scene.Network())
	f, err := FormatNamed("json", FormatNames())
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	d := NewDraft(Outlet{f, f.Report(&text, content.Style{})})
	d.Know(1, r.RunOf(0))
	d.Select(Selection{Host: func(name string) bool { return name == "cas01.contoso.com" }})
	for _, e := range r.Results {
		if e.Peer != nil && e.Peer.TLS != nil {
			for _, cert := range e.Peer.TLS.Chain {
				d.Learn(cert)
			}
		}
		if err := d.Take(1, []content.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); !strings.Contains(got, `"left_out": 14`) || strings.Contains(got, "certificates") || strings.Contains(got, "mail01") {
		t.Errorf("got\n%s", got)
	}
}

// A report in several formats at once is the same as in each alone.
func TestSeveralFormats(t *testing.T) {
	var alone, together []strings.Builder
	formats := Formats()
	alone, together = make([]strings.Builder, len(formats)), make([]strings.Builder, len(formats))
	var all []Outlet
	for i, f := range formats {
		joined(t, Outlet{f, f.Report(&alone[i], content.Style{Width: 100})})
		all = append(all, Outlet{f, f.Report(&together[i], content.Style{Width: 100})})
	}
	joined(t, all...)
	for i, f := range formats {
		if alone[i].String() != together[i].String() || alone[i].Len() == 0 {
			t.Errorf("%s differs beside others:\n%s\nalone:\n%s", f.Name, together[i].String(), alone[i].String())
		}
	}
}

// With several hosts, too, the answer, the subject and the title say that they are about a
// selection: that all of its results pass does not mean that all is as wanted.
func TestSelectionOfSeveralHosts(t *testing.T) {
	r := draft(scene.Network())
	for _, f := range Formats() {
		if f.Name == "csv" || f.Name == "request" || f.ReadBack {
			continue // have no sentence
		}
		for _, matrix := range []bool{false, f.Matrix} {
			var text strings.Builder
			d := NewDraft(f.Outlet(&text, content.Style{Width: 100, Matrix: matrix}))
			d.Know(1, r.RunOf(0))
			d.Select(Selection{Grades: []judge.Grade{judge.Pass}})
			for _, e := range r.Results {
				if err := d.Take(1, []content.Entry{e}); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.End(); err != nil {
				t.Fatal(err)
			}
			const claim = "all 3 hosts are as wanted"
			got := strings.ToLower(text.String())
			if n := strings.Count(got, "in this selection: "+claim); n == 0 || n != strings.Count(got, claim) {
				t.Errorf("%s: %.300s", f.Name, got)
			}
		}
	}
}
