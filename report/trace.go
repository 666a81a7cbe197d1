// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
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
	Tool    string          `json:"tool"`              // program and version that made it
	Machine string          `json:"machine,omitempty"` // the computer that asked; absent where it has no name
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
	Source  string `json:"source,omitempty"` // the address of this machine that asked; absent where it has no way there
	Trace
}

// A Trace says how far packets to a port came, as it stands in JSON, or why it was not
// traced.
type Trace struct {
	Outcome    judge.Outcome  `json:"outcome"`
	Reason     probe.Untraced `json:"reason,omitempty"` // why it was not traced; absent if it was
	Sentence   string         `json:"sentence"`
	After      string         `json:"after,omitempty"`       // who answered last on the way, several with "or"; absent if nobody did, or if the port is open
	SharedWith *TracedPort    `json:"shared_with,omitempty"` // the port whose whole path was walked instead of this one's; absent if this one's was
	Hops       []Hop          `json:"hops"`                  // those that were asked
	Beside     *Beside        `json:"beside,omitempty"`      // absent where no port was found to compare with
}

// A TracedPort is a port whose whole path was walked.
type TracedPort struct {
	Address string          `json:"address"`
	Network catalog.Network `json:"network"`
	Port    uint16          `json:"port"`
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

// NewTrace returns the trace t with what judge.Trace concludes from it.
func NewTrace(t hops.Trace) Trace {
	c := judge.Trace(t)
	out := Trace{Outcome: c.Outcome, Sentence: c.Sentence, After: c.After, Hops: hopsOf(t.Path)}
	if t.Beside != nil {
		out.Beside = &Beside{Network: t.Beside.Network, Port: t.Beside.Addr.Port(), Hops: hopsOf(*t.Beside)}
	}
	if t.Shared != nil {
		out.SharedWith = &TracedPort{t.Shared.Addr.Addr().String(), t.Shared.Network, t.Shared.Addr.Port()}
	}
	return out
}

// traceOf returns the trace of a result; nil where none was wanted.
func traceOf(r *probe.Result) *Trace {
	var t Trace
	switch {
	case r.Trace != nil:
		t = NewTrace(*r.Trace)
	case r.Untraced != "":
		t = Trace{Outcome: judge.NotTraced, Reason: r.Untraced, Sentence: "Not traced: " + judge.UntracedBecause(r.Untraced) + ".", Hops: []Hop{}}
	default:
		return nil
	}
	return &t
}

// untracedPorts counts the ports that were not traced, nor another port of their address
// for them.
func untracedPorts(entries []Entry) int {
	type port struct {
		address string
		network catalog.Network
		port    uint16
	}
	ports := map[port]bool{}
	for _, e := range entries {
		if e.Trace != nil && e.Trace.Reason != "" && e.Trace.Reason != probe.SamePath {
			ports[port{e.Address, e.Network, e.Port}] = true
		}
	}
	return len(ports)
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

// A stop is what the sentences of two ports of an address agree in, if they stop at the same
// place.
type stop struct {
	outcome judge.Outcome
	address string
	after   string
	end     hops.Said
	beside  uint16
}

// stopOf returns where the port of an entry stops; false if its trace does not tell.
func stopOf(e Entry) (s stop, ok bool) {
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
