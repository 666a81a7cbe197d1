// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/identity"
	"exreach/report/judge/route"
	"exreach/report/judge/scene"
)

// forged makes reports of one host, of many rows or of rows with much in them. Each function
// gives row i of n what makes it special.
var forged = map[string]func(i, n int, e *content.Entry){
	"ports": func(i, _ int, e *content.Entry) {
		e.Port, e.Verdict, e.Grade = uint16(i+1), probe.TimedOut, judge.Fail
	},
	"services": func(i, _ int, e *content.Entry) {
		e.Service, e.Verdict, e.Grade = fmt.Sprint("service-", i), probe.Refused, judge.Fail
	},
	"addresses": func(i, _ int, e *content.Entry) {
		e.Address, e.Service = fmt.Sprintf("10.0.%d.%d", i>>8, i&0xff), fmt.Sprint("service-", i)
	},
	"interfaces": func(i, _ int, e *content.Entry) {
		if i > 0 {
			e.Service, e.Parent, e.Port, e.Verdict, e.Grade = fmt.Sprint("service-", i), e.Service, uint16(i), probe.Refused, judge.Fail
		}
	},
	"findings": func(i, _ int, e *content.Entry) {
		e.Findings = []judge.Finding{{Code: fmt.Sprint("code-", i), Text: fmt.Sprint("text ", i), Weight: judge.Warn, WeighsOn: judge.OnCare}}
		e.Service, e.Care = fmt.Sprint("service-", i), judge.Warn
	},
	"labels": func(i, n int, e *content.Entry) {
		e.Service = fmt.Sprint("service-", i)
		if i == 0 {
			e.Labels = map[string]string{}
			for l := range n {
				e.Labels[fmt.Sprint("label-", l)] = "value"
			}
		}
	},
	"versions": func(i, n int, e *content.Entry) {
		e.Version = fmt.Sprint("version-", i)
		if i == 0 {
			e.Identified = &identity.Identified{Candidates: strings.Fields(strings.Repeat("2019 ", n))}
		}
	},
	"traces": func(i, _ int, e *content.Entry) {
		e.Port, e.Verdict, e.Grade = uint16(i+1), probe.TimedOut, judge.Fail
		e.Trace = &content.Trace{Outcome: route.Blocked, Sentence: fmt.Sprint("stops ", i), After: fmt.Sprint("hop-", i), Hops: []content.Hop{{TTL: 1}}, Beside: &content.Beside{}}
	},
}

// forgedRows is such a report of n rows.
func forgedRows(n int, change func(i, n int, e *content.Entry)) content.Report {
	base := alone(scene.Healthy("owa", 443))
	base.Findings, base.Peer = nil, nil
	entries := make([]content.Entry, n)
	for i := range entries {
		entries[i] = base
		change(i, n, &entries[i])
	}
	return content.Report{Results: entries}
}

// The memory that a table takes, all in all, grows with its rows and not with their square.
// BenchmarkManyRowsOfAHost shows the same of its time.
func TestManyRowsOfAHost(t *testing.T) {
	for name, change := range forged {
		t.Run(name, func(t *testing.T) {
			bytes := func(rows int) float64 {
				r := forgedRows(rows, change)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				if err := put(io.Discard, "table", r, content.Style{Width: 100}); err != nil {
					t.Fatal(err)
				}
				runtime.ReadMemStats(&after)
				return float64(after.TotalAlloc - before.TotalAlloc)
			}
			const few = 1 << 11
			if grows := bytes(8*few) / bytes(few); grows > 16 { // a square is 64 times as much
				t.Errorf("eight times as many rows take %.0f times as many bytes", grows)
			}
		})
	}
}

// BenchmarkManyRowsOfAHost shows that a row takes the same time among few and among many.
func BenchmarkManyRowsOfAHost(b *testing.B) {
	for name, change := range forged {
		for _, rows := range []int{1 << 11, 1 << 14, 1 << 16} {
			b.Run(fmt.Sprint(name, "/", rows), func(b *testing.B) {
				r := forgedRows(rows, change)
				for b.Loop() {
					if err := put(io.Discard, "table", r, content.Style{Width: 100}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			})
		}
	}
}

// With --verbose, a block names all of its hosts, however many they are.
func TestAllMembers(t *testing.T) {
	const hosts = 500
	table := func(verbose bool) string {
		return strings.Join(strings.Fields(many(t, hosts, content.Style{Width: 100, Verbose: verbose}, submissionDropped)), " ")
	}
	if text := table(false); !strings.Contains(text, "and 435 more, which --verbose names.") {
		t.Errorf("the rest is not counted: %s", text)
	}
	text := table(true)
	for i := range hosts {
		if name := fmt.Sprintf("mail%02d", i+1); i != 2 && !strings.Contains(text, name+" (192.0.2.10)") {
			t.Fatalf("%s is not named", name)
		}
	}
}
