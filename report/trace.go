// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/hops"
	"exreach/report/judge"
)

// TraceSchema names the layout of the document that exreach trace writes. It
// changes as Schema does.
const TraceSchema = "exreach-trace/1"

// A TraceReport is a port of a host, traced at each of its addresses. Its JSON
// is a stable format.
type TraceReport struct {
	Schema  string          `json:"schema"`
	Tool    string          `json:"tool"` // program and version that made it
	Host    string          `json:"host"`
	Name    *Name           `json:"name,omitempty"` // as in an entry
	Network catalog.Network `json:"network"`
	Port    uint16          `json:"port"`
	Started time.Time       `json:"started"` // UTC
	Took    float64         `json:"took_s"`
	Traces  []Traced        `json:"traces"` // one per address
}

// A Traced is the trace of one address.
type Traced struct {
	Address string `json:"address"`
	Trace
}

// A Trace says how far packets to a port came, as it stands in JSON.
type Trace struct {
	Outcome  judge.Outcome `json:"outcome"`
	Sentence string        `json:"sentence"`
	Hops     []Hop         `json:"hops"`
	Beside   *Beside       `json:"beside,omitempty"` // absent where no port was found to compare with
}

// A Beside is the path of another port of the same address, which answers.
type Beside struct {
	Network catalog.Network `json:"network"`
	Port    uint16          `json:"port"`
	Hops    []Hop           `json:"hops"`
}

// A Hop is what came back from one distance.
type Hop struct {
	TTL  int       `json:"ttl"`
	Said hops.Said `json:"said"`
	From []string  `json:"from,omitempty"`   // absent where no hop said anything
	Took float64   `json:"took_s,omitempty"` // until the first answer
}

// NewTrace returns the trace t with the outcome and the sentence that judge.Trace gives it.
func NewTrace(t hops.Trace) Trace {
	outcome, sentence := judge.Trace(t)
	out := Trace{Outcome: outcome, Sentence: sentence, Hops: hopsOf(t.Path)}
	if t.Beside != nil {
		out.Beside = &Beside{Network: t.Beside.Network, Port: t.Beside.Addr.Port(), Hops: hopsOf(*t.Beside)}
	}
	return out
}

func hopsOf(p hops.Path) []Hop {
	hops := []Hop{}
	for _, h := range p.Hops {
		hops = append(hops, Hop{TTL: h.TTL, Said: h.Said, From: texts(h.From), Took: inSeconds(h.Took)})
	}
	return hops
}

// Worst returns the outcome of all addresses together: one that is blocked weighs
// more than one that could not be determined.
func (r TraceReport) Worst() judge.Outcome {
	worst := judge.Open
	for _, t := range r.Traces {
		if t.Outcome == judge.Blocked || t.Outcome == judge.Undecided && worst == judge.Open {
			worst = t.Outcome
		}
	}
	if len(r.Traces) == 0 {
		return judge.Undecided
	}
	return worst
}

// outcomeInks is the colour of every outcome.
var outcomeInks = map[judge.Outcome]ink{judge.Open: green, judge.Blocked: red, judge.Undecided: yellow}

// writeTraceTable writes for each address its hops, and the sentence about them.
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

// shown returns how many hops to show: of the silent ones at the end, only the first.
func shown(all []Hop) int {
	n := len(all)
	for n > 1 && all[n-1].Said == hops.SaidNothing && all[n-2].Said == hops.SaidNothing {
		n--
	}
	return n
}

// cell writes hop i: who answered, after what time, and with what, unless that was the
// usual "time exceeded".
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
