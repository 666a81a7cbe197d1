// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge/scene"
)

// mailOf reads a summary as a mail program does.
func mailOf(t *testing.T, text string) (subject, body string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("no mail: %v\n%s", err, text)
	}
	for name := range m.Header {
		switch name {
		case "Subject", "Mime-Version", "Content-Type", "Content-Transfer-Encoding":
		default:
			t.Errorf("header %s", name)
		}
	}
	decoder := mime.WordDecoder{}
	if subject, err = decoder.DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Error(err)
	}
	read, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	return subject, string(read)
}

func TestSummarySubject(t *testing.T) {
	for _, test := range []struct {
		host string
		want string
	}{
		{"mail01.contoso.com", "exreach: mail01.contoso.com: 1 port blocked: 25"},
		{"postfach.köln.example", "exreach: postfach.köln.example: 1 port blocked: 25"},
		{"x\r\nBcc: all@contoso.com", `exreach: x\r\nBcc: all@contoso.com: 1 port blocked: 25`},
		{"=?utf-8?q?=0d=0aBcc:?=", "exreach: = ?utf-8?q?=0d=0aBcc:?=: 1 port blocked: 25"},
		{strings.Repeat("h", 300), "exreach: hhhhh"},
		{strings.Repeat("ö", 300), "exreach: öö"},
	} {
		s := &scene.Scene{Host: test.host, Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
		s.Add("smtp", 25, scene.Verdict(probe.Prohibited, "no"))
		out := write(t, "summary", draft(s.Results), content.Style{})
		if subject, _ := mailOf(t, out); !strings.HasPrefix(subject, test.want) {
			t.Errorf("%q, want %q", subject, test.want)
		}
		first, _, _ := strings.Cut(out, "\n")
		if len(first) > 78 || !strings.HasPrefix(first, "Subject: ") || strings.ContainsFunc(first, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("first line %q", first)
		}
	}
}

func TestSummaryWhole(t *testing.T) {
	for _, test := range []struct {
		elsewhere []content.Place
		sources   []string
		want      string
	}{
		{nil, nil, "To keep the whole report, run again with --also json=FILE."},
		{nil, []string{"a.json", "b.jsonl"}, "It was joined from a.json, b.jsonl."},
		{[]content.Place{{Format: "summary", File: "mail.txt"}, {Format: "request", File: "rules.csv"}}, nil, "To keep the whole report, run again with --also json=FILE."},
		{[]content.Place{{Format: "html", File: "report.html"}, {Format: "csv", File: "ports.csv"}}, []string{"a.json"}, "The whole report: report.html (html), ports.csv (csv)"},
	} {
		var out strings.Builder
		d := NewDraft(Outlet{Format{Whole: true}, newSummary(&out, content.Style{})})
		d.Know(1, content.NewRun("exreach", "client", scene.Began))
		d.WrittenTo(test.elsewhere)
		d.ReadFrom(test.sources)
		if err := d.Take(1, draft(scene.Network()).Results[:1]); err != nil {
			t.Fatal(err)
		}
		if err := d.End(); err != nil {
			t.Fatal(err)
		}
		if _, body := mailOf(t, out.String()); !strings.HasSuffix(body, "\n"+test.want+"\n") {
			t.Errorf("no %q at the end of\n%s", test.want, body)
		}
	}
}

// A summary fits a mail: its lines are short, there are no more causes than a table has, and
// text beyond ASCII says so in the head.
func TestSummaryFits(t *testing.T) {
	s := &scene.Scene{Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	for i := range 40 {
		s.Host = fmt.Sprintf("mail%02d.köln.example", i)
		s.Add("smtp", 25, scene.Verdict(probe.TimedOut, "no reply"))
		s.Add(fmt.Sprintf("service%d", i), uint16(1000+i), scene.Verdict(probe.Refused, "refused"))
	}
	out := write(t, "summary", draft(s.Results), content.Style{})
	subject, body := mailOf(t, out)
	if subject != "exreach: 40 of 40 hosts are not as wanted" {
		t.Errorf("subject %q", subject)
	}
	if !strings.Contains(out, "\nContent-Type: text/plain; charset=utf-8\n") {
		t.Error("no word of its charset")
	}
	if n := strings.Count(body, "\n- "); n != 16 || !strings.Contains(body, "\n- and 26 more causes\n") {
		t.Errorf("%d causes", n)
	}
	for line := range strings.Lines(body) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 72 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if plain := write(t, "summary", draft(scene.Network()), content.Style{}); strings.Contains(plain, "MIME") {
		t.Error("a mail in ASCII names a charset")
	}
}

func TestSummaryHostile(t *testing.T) {
	out := write(t, "summary", hostileReport(), content.Style{})
	checkHarmless(t, "summary", out)
	if subject, _ := mailOf(t, out); strings.ContainsAny(subject, "\r\n") {
		t.Errorf("subject %q", subject)
	}
}

func TestSummaryOfNothing(t *testing.T) {
	if out := write(t, "summary", draft(nil), content.Style{}); !strings.HasPrefix(out, "Subject: exreach: Nothing was checked: ") || strings.Count(out, "\n") != 3 {
		t.Errorf("got %q", out)
	}
}
