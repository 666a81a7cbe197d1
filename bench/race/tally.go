// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// A tally compares the verdicts of one run with the truth.
type tally struct {
	field    field
	marks    []mark          // one for each port of each host, in the order of their places
	wrongs   []string        // the wrong verdicts in words
	findings map[string]bool // the codes of the findings
}

// A mark is what a run has reported of one port so far.
type mark byte

const (
	missing mark = iota
	right
	wrong
)

// openWords and droppedWords are the words of exreach and of nmap. exreach's
// other words for a port that accepted a connect (silent, cut, ...) are wrong
// here: every open port of the benchmarks holds its conversation.
var (
	openWords    = []string{"answered", "open"}
	droppedWords = []string{"timed-out", "filtered"}
)

func newTally(f field) *tally {
	return &tally{field: f, marks: make([]mark, f.size()), findings: map[string]bool{}}
}

// count takes one verdict. A port that was not asked does not count; of two verdicts
// on one port the wrong one does.
func (t *tally) count(host netip.Addr, port uint16, verdict string) {
	h, known := t.field.hosts[host]
	p, asked := t.field.ports[port]
	if !known || !asked {
		return
	}
	truth := droppedWords
	if t.field.answers(host, port) {
		truth = openWords
	}
	mark := &t.marks[h*len(t.field.ports)+p]
	switch {
	case !slices.Contains(truth, verdict):
		*mark = wrong
		t.wrongs = append(t.wrongs, fmt.Sprintf("%s %s", netip.AddrPortFrom(host, port), verdict))
	case *mark == missing:
		*mark = right
	}
}

// wrong is how many verdicts are wrong or missing.
func (t *tally) wrong() int {
	n := 0
	for _, m := range t.marks {
		if m != right {
			n++
		}
	}
	return n
}

// examples is some of the wrong verdicts, for a line of the record.
func (t *tally) examples() string {
	const most = 5
	return strings.Join(t.wrongs[:min(most, len(t.wrongs))], ", ")
}

// codes lists the codes of the findings, each once.
func (t *tally) codes() string {
	return strings.Join(slices.Sorted(maps.Keys(t.findings)), ",")
}
