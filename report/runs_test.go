// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/identity"
	"exreach/report/judge/scene"
)

// A headKeeper is a format that keeps what is known at the end, and the services that it got.
type headKeeper struct {
	head content.Head
	got  []string
}

func (k *headKeeper) Begin(content.Head) error { return nil }

func (k *headKeeper) Host(p content.Part) error {
	for _, e := range p.Entries {
		k.got = append(k.got, e.Host+" "+e.Service)
	}
	return nil
}

func (k *headKeeper) End(h content.Head) error {
	k.head = h
	return nil
}

// certified is an entry whose server has a certificate that ends so long after scene.Began.
func certified(host string, after time.Duration) content.Entry {
	e := blockedPort(host, "smtp")
	e.Verdict, e.Grade, e.Care = "answered", judge.Pass, judge.Pass
	e.Peer = &protocol.Peer{TLS: &protocol.TLSInfo{Chain: []tls12.Certificate{{Subject: "CN=mail", NotAfter: scene.Began.Add(after)}}}}
	return e
}

// joinedHead is what a format knows at the end of a report of several runs. One that is nil is
// not known.
func joinedHead(t *testing.T, runs []*content.Run, take map[int][]content.Entry) content.Head {
	t.Helper()
	var k headKeeper
	d := NewDraft(Outlet{Format{Whole: true, Overview: true}, &k})
	for i, run := range runs {
		if run != nil {
			d.Know(i+1, *run)
		}
	}
	for i := range len(runs) + 3 {
		for _, e := range take[i] {
			if err := d.Take(i, []content.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return k.head
}

// A certificate has an age where the start of a run that showed it is known, and only there.
func TestCertificateAge(t *testing.T) {
	const day = 24 * time.Hour
	known, later := &content.Run{Machine: "pc01", Started: scene.Began}, &content.Run{Machine: "pc02", Started: scene.Began.Add(2 * day)}
	for name, test := range map[string]struct {
		runs  []*content.Run
		seen  map[int][]content.Entry
		want  string
		first string
	}{
		"start not known":   {[]*content.Run{nil}, map[int][]content.Entry{1: {certified("a", day)}}, "", ""},
		"ahead":             {[]*content.Run{known}, map[int][]content.Entry{1: {certified("a", 36*time.Hour)}}, "expires in 1 day", ", in 1 day, "},
		"ended":             {[]*content.Run{known}, map[int][]content.Entry{1: {certified("a", -300*time.Hour)}}, "expired 12 days ago", ", 12 days ago, "},
		"first run":         {[]*content.Run{known, later}, map[int][]content.Entry{1: {certified("a", 9*day)}, 2: {certified("a", 9*day)}}, "expires in 9 days, as of 2026-03-02 09:30 UTC", ", in 9 days, "},
		"only run":          {[]*content.Run{known, later}, map[int][]content.Entry{2: {certified("a", 9*day)}}, "expires in 7 days, as of 2026-03-04 09:30 UTC", ", in 7 days, "},
		"run that is known": {[]*content.Run{nil, later}, map[int][]content.Entry{1: {certified("a", 9*day)}, 2: {certified("b", 9*day)}}, "expires in 7 days, as of 2026-03-04 09:30 UTC", ", in 7 days, "},
	} {
		h := joinedHead(t, test.runs, test.seen)
		if len(h.Certificates) != 1 {
			t.Fatalf("%s: %+v", name, h.Certificates)
		}
		if got := h.ExpiryText(h.Certificates[0]); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
		if first := h.FirstToExpire(); !strings.Contains(first, test.first) || (first == "") != (test.first == "") {
			t.Errorf("%s: first to expire: %q", name, first)
		}
	}
	endless := certified("a", 0)
	endless.Peer.TLS.Chain[0].NotAfter = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	if text := endless.ExpiryText(scene.Began); text != "" {
		t.Errorf("a certificate without an end %s", text)
	}
}

// No part of a host is lost, or comes twice, in a format that writes hosts as they come, beside
// one that waits, though the run of another host is not known meanwhile.
func TestPartsBetweenRuns(t *testing.T) {
	var streams, waits headKeeper
	d := NewDraft(Outlet{Format{}, &streams}, Outlet{Format{Whole: true}, &waits})
	d.Know(1, content.Run{Machine: "pc01", Started: scene.Began})
	for _, part := range []struct {
		run           int
		host, service string
	}{{1, "a", "smtp"}, {2, "b", "smtp"}, {1, "a", "owa"}} {
		if err := d.Take(part.run, []content.Entry{blockedPort(part.host, part.service)}); err != nil {
			t.Fatal(err)
		}
	}
	d.Know(2, content.Run{Machine: "pc02", Started: scene.Began})
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]headKeeper{"streams": streams, "waits": waits} {
		slices.Sort(k.got)
		if want := []string{"a owa", "a smtp", "b smtp"}; !slices.Equal(k.got, want) {
			t.Errorf("%s: got %q, want %q", name, k.got, want)
		}
	}
}

// A run is one of the report though nothing is known of it but a result, and there is none
// before the first.
func TestRunNumbers(t *testing.T) {
	known := &content.Run{Machine: "pc01", Started: scene.Began}
	for _, test := range []struct {
		runs []*content.Run
		of   int
		want []string
	}{
		{[]*content.Run{known}, 2, []string{"pc01", "unknown machine"}},
		{[]*content.Run{known, known}, 3, []string{"pc01 (1)", "pc01 (2)", "unknown machine"}},
		{[]*content.Run{nil}, 1, []string{"unknown machine"}},
	} {
		h := joinedHead(t, test.runs, map[int][]content.Entry{test.of: {blockedPort("mail01", "smtp")}})
		m := h.Matrix()
		if !slices.Equal(m.From, test.want) || !m.Rows[0].Pairs[test.of-1].IsAsked() {
			t.Errorf("from %q, want %q; %+v", m.From, test.want, m.Rows)
		}
	}
	if err := NewDraft().Take(0, []content.Entry{blockedPort("mail01", "smtp")}); err == nil || !strings.Contains(err.Error(), "run 0") {
		t.Errorf("run 0: %v", err)
	}
}

// Every run has a name of its own.
func TestRunNames(t *testing.T) {
	h := joinedHead(t, []*content.Run{{Machine: "pc"}, {Machine: "pc"}, {Machine: "pc (1)"}, {Machine: "pc (2)"}}, map[int][]content.Entry{1: {blockedPort("mail01", "smtp")}})
	if want := []string{"pc (3)", "pc (4)", "pc (1)", "pc (2)"}; !slices.Equal(h.Matrix().From, want) {
		t.Errorf("names %q, want %q", h.Matrix().From, want)
	}
}

// The same host in capitals is one row of the matrix and one host of its version, with the
// worst of what a run saw of it.
func TestHostInCapitals(t *testing.T) {
	runs := []*content.Run{{Machine: "pc01", Started: scene.Began}, {Machine: "pc02", Started: scene.Began}}
	h := joinedHead(t, runs, map[int][]content.Entry{
		1: {certified("mbx.contoso.com", time.Hour)},
		2: {blockedPort("MBX.contoso.com", "smtp"), certified("mbx.contoso.com", time.Hour)},
	})
	m := h.Matrix()
	if len(m.Rows) != 1 || m.Rows[0].To != "mbx.contoso.com" || m.Rows[0].Pairs[0].Grade != judge.Pass || m.Rows[0].Pairs[1].Grade != judge.Fail {
		t.Errorf("matrix %+v", m)
	}
	if len(h.Versions) != 1 || h.Versions[0].Hosts != 1 {
		t.Errorf("versions %+v", h.Versions)
	}
}

// The matrix has all hosts in every format that can show it.
func TestMatrixNeedsAllHosts(t *testing.T) {
	for _, f := range Formats() {
		if !f.Matrix {
			continue
		}
		var out strings.Builder
		joined(t, f.Outlet(&out, content.Style{Matrix: true}))
		if text := out.String(); !strings.Contains(text, "mail01") || !strings.Contains(text, "mail02") || !strings.Contains(text, "pc-vienna") {
			t.Errorf("%s:\n%s", f.Name, text)
		}
	}
}

// The matrix of one host begins with its answer, and says once who asked.
func TestMatrixOfOneHost(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	s.Add("smtp", 25, nil)
	got := write(t, "table", draft(s.Results), content.Style{Matrix: true})
	if !strings.HasPrefix(got, "mail01: The required service is reachable.\n") || strings.Count(got, "Asked ") != 1 {
		t.Errorf("got\n%s", got)
	}
}

// A ticket of several runs says for each what to do there, and where that is.
func TestMarkdownAdviceOfEveryRun(t *testing.T) {
	var out strings.Builder
	f, err := FormatNamed("markdown", FormatNames())
	if err != nil {
		t.Fatal(err)
	}
	d := NewDraft(f.Outlet(&out, content.Style{}))
	for i, machine := range []string{"pc-berlin", "pc-vienna"} {
		d.Know(i+1, content.Run{Machine: machine, From: machine, Started: scene.Began})
		e := blockedPort("mail01", "smtp")
		e.Findings = []judge.Finding{{Code: "timed-out", Text: "No reply.", Hint: "Allow it from this computer.", Weight: judge.Fail, WeighsOn: judge.OnGrade}}
		if err := d.Take(i+1, []content.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	for _, machine := range []string{"pc-berlin", "pc-vienna"} {
		if want := "- From `" + machine + "`: No reply.\n  - Allow it from this computer.\n"; !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

// Nothing is kept of hosts that are not selected.
func TestSelectionForgetsHosts(t *testing.T) {
	d := NewDraft()
	d.Select(Selection{Host: func(name string) bool { return name == "mail02" }, Grades: []judge.Grade{judge.Fail}})
	e := blockedPort("mail01", "smtp")
	e.Identified = &identity.Identified{Candidates: []string{"2019"}}
	if err := d.Take(1, []content.Entry{e}); err != nil || len(d.chosen.found) != 0 {
		t.Errorf("%v; kept %+v", err, d.chosen.found)
	}
}

// The counts are the same words in every format for people.
func TestCountsInEveryFormat(t *testing.T) {
	for _, name := range []string{"table", "markdown", "summary"} {
		f, err := FormatNamed(name, FormatNames())
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		d := NewDraft(f.Outlet(&out, content.Style{}))
		d.Know(1, content.Run{Machine: "pc01", Unasked: 3, Unread: true})
		for _, e := range []content.Entry{certified("mail01", time.Hour), blockedPort("mail01", "relay")} {
			if err := d.Take(1, []content.Entry{e}); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.End(); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(out.String()), " ")
		if want := "2 checks on 1 host: 1 pass, 1 fail; 3 hosts not asked; the list of hosts not read to its end"; !strings.Contains(text, want) {
			t.Errorf("%s: no %q in\n%s", name, want, text)
		}
	}
}
