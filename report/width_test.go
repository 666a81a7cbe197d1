// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/table"
)

// No line is wider than the reader asked for, whichever letters names and answers are made
// of.
func TestNeverWider(t *testing.T) {
	for name, unit := range map[string]string{
		"letters": "mail", "pictures": "\u2705\U0001f4e7", "Japanese": "メール", "combining": "e\u0301\u0323o\u0308", "Korean": "\u1112\u1161\u11ab서버", "Thai": "\u0e01\u0e34\u0e48",
		"joined": "\U0001f469\u200d\U0001f4bb", "mixed": "a\u2705é メ",
	} {
		for _, long := range []int{1, 9, 60} {
			text := strings.Repeat(unit, long)
			tables := strange(text)
			for columns := 40; columns <= 140; columns += 5 {
				for kind, write := range tables {
					var out strings.Builder
					if err := write(&out, content.Style{Width: columns, Verbose: columns%2 == 0}); err != nil {
						t.Fatal(err)
					}
					for line := range strings.Lines(out.String()) {
						if line = strings.TrimSuffix(line, "\n"); table.Columns(line) > columns {
							t.Fatalf("%s of %s, %d times: %d columns instead of at most %d:\n%s", kind, name, long, table.Columns(line), columns, line)
						}
					}
				}
			}
		}
	}
}

// strange is tables in which names and answers are text.
func strange(text string) map[string]func(io.Writer, content.Style) error {
	r := draft(mailbox("mail01", closedRightly).Results)
	r.Tool, r.Machine, r.From = text, text, text
	for host := range 3 {
		for i, e := range draft(mailbox(fmt.Sprint(text, host), closedRightly).Results).Results {
			e.Service, e.Detail, e.Site, e.Labels = fmt.Sprint(text, i), text, text, map[string]string{text: text}
			e.Name = &content.Name{Alias: text}
			if i > 3 {
				e.Verdict, e.Grade, e.Care = probe.Mismatch, judge.Fail, judge.Warn
				e.Findings = []judge.Finding{
					{Code: "mismatch", Text: text, Hint: text, Weight: judge.Fail, WeighsOn: judge.OnGrade},
					{Code: fmt.Sprint(text, host%2), Text: text, Hint: text, Weight: judge.Warn, WeighsOn: judge.OnCare},
				}
			}
			r.Results = append(r.Results, e)
		}
	}
	hop := content.Hop{TTL: 1, From: []string{text}}
	traced := content.TraceReport{Host: text, Traces: []content.Traced{{Trace: content.Trace{Sentence: text, Hops: []content.Hop{hop}, Beside: &content.Beside{Hops: []content.Hop{hop}}}}}}
	return map[string]func(io.Writer, content.Style) error{
		"report": func(w io.Writer, s content.Style) error { return put(w, "table", r, s) },
		"trace":  func(w io.Writer, s content.Style) error { return putTrace(w, "table", traced, s) },
	}
}
