// SPDX-License-Identifier: Apache-2.0

package content

import (
	"iter"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/report/judge"
)

// An Outcome is what the services of a row have in common.
type Outcome struct {
	verdict  probe.Verdict
	obstacle probe.Obstacle // of what was not asked
	step     protocol.Step  // that was under way when the run ended; "" if none was
	network  catalog.Network
	port     uint16

	direction far.Direction // that both ends show
}

// OutcomeOf returns the outcome that other services may share with an entry; false if none
// may. Those of one port share it if their verdict is from before anything of their own was
// said, and those that were not asked if there is one reason.
func OutcomeOf(e Entry) (shared Outcome, ok bool) {
	switch {
	case e.Parent != "":
		return Outcome{}, false
	case e.Verdict == probe.Untried:
		shared := Outcome{verdict: e.Verdict, obstacle: e.Obstacle}
		if e.IsUnfinished() {
			shared.step = e.Step
		}
		return shared, true
	}
	return Outcome{verdict: e.Verdict, network: e.Network, port: e.Port, direction: e.Direction}, e.Port != 0 && isEarly(e)
}

// isEarly reports whether a verdict is from before the service itself was asked anything.
func isEarly(e Entry) bool {
	switch e.Verdict {
	case probe.TimedOut, probe.Refused, probe.Prohibited, probe.Unreachable:
		return true
	case probe.Silent, probe.Cut, probe.BadTLS, probe.Mismatch:
		return e.Step == protocol.Connect || e.Step == protocol.TLS
	}
	return false
}

// asRows yields the entries with the grade of the row that they share at their address,
// and with the want that led to it: where a port is closed, it is closed for all services.
// What was not asked keeps its own want.
func asRows(entries []Entry) iter.Seq[Entry] {
	type row struct {
		address string
		Outcome
	}
	speakers := map[row]int{} // their places in entries
	for i, e := range entries {
		if shared, ok := OutcomeOf(e); ok && e.Verdict != probe.Untried {
			r := row{e.Address, shared}
			if known, found := speakers[r]; !found || judge.Compare(e.Grade, entries[known].Grade) > 0 {
				speakers[r] = i
			}
		}
	}
	return func(yield func(Entry) bool) {
		for _, e := range entries {
			shared, ok := OutcomeOf(e)
			if i, found := speakers[row{e.Address, shared}]; ok && found {
				e.Grade, e.Want = entries[i].Grade, entries[i].Want
			}
			if !yield(e) {
				return
			}
		}
	}
}
