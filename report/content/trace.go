// SPDX-License-Identifier: Apache-2.0

package content

import (
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/report/judge/route"
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
	Outcome    route.Outcome  `json:"outcome"`
	Reason     probe.Untraced `json:"reason,omitempty"` // why it was not traced; absent if it was
	Sentence   string         `json:"sentence"`
	After      string         `json:"after,omitempty"`       // the last hop that answered, several with "or"; absent if none did, or if the port is open
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

// NewTrace returns the trace t with what route.Conclude concludes from it.
func NewTrace(t hops.Trace) Trace {
	c := route.Conclude(t)
	out := Trace{Outcome: c.Outcome, Sentence: c.Sentence, After: c.After, Hops: hopsOf(t.Path)}
	if t.Beside != nil {
		out.Beside = &Beside{Network: t.Beside.Network, Port: t.Beside.Addr.Port(), Hops: hopsOf(*t.Beside)}
	}
	if t.Shared != nil {
		out.SharedWith = &TracedPort{t.Shared.Addr.Addr().String(), t.Shared.Network, t.Shared.Addr.Port()}
	}
	return out
}

// TraceOf returns the trace of a result; nil where none was wanted.
func TraceOf(r *probe.Result) *Trace {
	var t Trace
	switch {
	case r.Trace != nil:
		t = NewTrace(*r.Trace)
	case r.Untraced != "":
		t = Trace{Outcome: route.NotTraced, Reason: r.Untraced, Sentence: "Not traced: " + route.UntracedBecause(r.Untraced) + ".", Hops: []Hop{}}
	default:
		return nil
	}
	return &t
}

// UntracedPorts counts the ports that were not traced, nor another port of their address
// for them.
func UntracedPorts(entries []Entry) int {
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
		hops = append(hops, Hop{TTL: h.TTL, Said: h.Said, From: texts(h.From), Took: InSeconds(h.Took)})
	}
	return hops
}

// Worst returns the outcome of all addresses together: one that is blocked weighs
// more than one that could not be determined.
func (r TraceReport) Worst() route.Outcome {
	worst := route.Open
	for _, t := range r.Traces {
		if t.Outcome == route.Blocked || t.Outcome == route.Undecided && worst == route.Open {
			worst = t.Outcome
		}
	}
	if len(r.Traces) == 0 {
		return route.Undecided
	}
	return worst
}

// Shown returns how many hops to show: of the silent ones at the end, only the first.
func Shown(all []Hop) int {
	n := len(all)
	for n > 1 && all[n-1].Said == hops.SaidNothing && all[n-2].Said == hops.SaidNothing {
		n--
	}
	return n
}

// Followed returns the entry whose packets were followed, or else the first.
func Followed(entries []Entry) Entry {
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Trace != nil && e.Trace.Reason == "" })
	return entries[max(i, 0)]
}
