// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"exreach/probe/hops"
	"exreach/report/content"
	"exreach/report/judge/route"
)

// A stop is what the sentences of two ports of an address agree in, if they stop at the same
// place.
type stop struct {
	outcome route.Outcome
	address string
	after   string
	end     hops.Said
	beside  uint16
}

// stopOf returns where the port of an entry stops; false if its trace does not tell.
func stopOf(e content.Entry) (s stop, ok bool) {
	t := e.Trace
	if t.After == "" || len(t.Hops) == 0 || t.Beside == nil {
		return stop{}, false
	}
	s = stop{t.Outcome, e.Address, t.After, t.Hops[len(t.Hops)-1].Said, t.Beside.Port}
	if s.end == hops.SaidExceeded { // of a shared path, the hops behind need not be asked
		s.end = hops.SaidNothing
	}
	return s, true
}

// outcomeInks is the colour of every outcome.
var outcomeInks = map[route.Outcome]ink{route.Open: green, route.Blocked: red, route.Undecided: yellow}

// WriteTrace writes for each address its hops, and the sentence about them.
func WriteTrace(w io.Writer, r content.TraceReport, s content.Style) error {
	p := newPage(w, s)
	for _, t := range r.Traces {
		p.trace(r, t)
		p.line(0)
	}
	return p.out.Flush()
}

func (p *page) trace(r content.TraceReport, t content.Traced) {
	title := []span{{r.Host, bold}}
	if t.Address != r.Host {
		title = append(title, span{" " + t.Address, plain})
	}
	p.paragraph(0, margin, title...)
	beside := content.Beside{}
	if t.Beside != nil {
		beside = *t.Beside
	}
	var rows [][3]string
	for i := range max(content.Shown(t.Hops), content.Shown(beside.Hops)) {
		rows = append(rows, [3]string{fmt.Sprint(i + 1), cell(t.Hops, i), cell(beside.Hops, i)})
	}
	heads := [3]string{"hop", fmt.Sprintf("%d/%s", r.Port, r.Network)}
	if t.Beside != nil {
		heads[2] = fmt.Sprintf("%d/%s", beside.Port, beside.Network)
	}
	middle := Columns(heads[1])
	for _, row := range rows {
		middle = max(middle, Columns(row[1]))
	}
	for _, row := range slices.Insert(rows, 0, heads) {
		p.line(margin, span{padLeft(row[0], len("hop")) + spaces(gutter) + pad(row[1], middle) + spaces(gutter) + row[2], plain})
	}
	p.paragraph(margin, margin, span{t.Sentence, outcomeInks[t.Outcome]})
}

// cell writes hop i: who answered, after what time, and with what, unless that was the
// usual "time exceeded".
func cell(all []content.Hop, i int) string {
	if i >= content.Shown(all) {
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
	words := []string{who, content.SecondsText(h.Took)}
	if h.Said != hops.SaidExceeded {
		words = append(words, string(h.Said))
	}
	return strings.Join(words, "  ")
}
