// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"exreach/probe/hops"
	"exreach/report/judge"
)

// outcomeInks is the colour of every outcome.
var outcomeInks = map[judge.Outcome]ink{judge.Open: green, judge.Blocked: red, judge.Undecided: yellow}

// writeTraceTable writes for each address its hops, and what they come to.
func writeTraceTable(w io.Writer, r TraceReport, s Style) error {
	p := newPage(w, s)
	for _, t := range r.Traces {
		p.trace(r, t)
		p.line(0)
	}
	return p.out.Flush()
}

func (p *page) trace(r TraceReport, t Traced) {
	title := []span{{r.Host, bold}}
	if t.Address != r.Host {
		title = append(title, span{" " + t.Address, plain})
	}
	p.paragraph(0, margin, title...)
	beside := Beside{}
	if t.Beside != nil {
		beside = *t.Beside
	}
	var rows [][3]string
	for i := range max(shown(t.Hops), shown(beside.Hops)) {
		rows = append(rows, [3]string{fmt.Sprint(i + 1), cell(t.Hops, i), cell(beside.Hops, i)})
	}
	heads := [3]string{"hop", fmt.Sprintf("%d/%s", r.Port, r.Network)}
	if t.Beside != nil {
		heads[2] = fmt.Sprintf("%d/%s", beside.Port, beside.Network)
	}
	middle := width(heads[1])
	for _, row := range rows {
		middle = max(middle, width(row[1]))
	}
	for _, row := range slices.Insert(rows, 0, heads) {
		p.line(margin, span{padLeft(row[0], len("hop")) + spaces(gutter) + pad(row[1], middle) + spaces(gutter) + row[2], plain})
	}
	p.paragraph(margin, margin, span{t.Sentence, outcomeInks[t.Outcome]})
}

// shown is how many hops are shown: of the silent ones at the end, one.
func shown(all []Hop) int {
	n := len(all)
	for n > 1 && all[n-1].Said == hops.SaidNothing && all[n-2].Said == hops.SaidNothing {
		n--
	}
	return n
}

// cell is one hop: who answered, what unless it was just passing it on, and when.
func cell(all []Hop, i int) string {
	if i >= shown(all) {
		return ""
	}
	h := all[i]
	if h.Said == hops.SaidNothing {
		return "no answer"
	}
	who := strings.Join(h.From, ", ")
	if who == "" {
		who = "a device"
	}
	words := []string{who, tookOf(Entry{Took: h.Took})}
	if h.Said != hops.SaidExceeded {
		words = append(words, string(h.Said))
	}
	return strings.Join(words, "  ")
}
