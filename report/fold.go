// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/content"
	"exreach/report/judge"
)

// A tableRow is a row of a table: an entry, or several of one port that have the same
// outcome.
type tableRow struct {
	entries []content.Entry
	behind  []tableRow // what an endpoint mapper led to
}

// first is the entry that speaks for the row: of the worst grade.
func (r tableRow) first() content.Entry {
	return slices.MaxFunc(r.entries, func(a, b content.Entry) int {
		return judge.Compare(a.Grade, b.Grade)
	})
}

// grade is the worst of the row and of what is behind it.
func (r tableRow) grade() judge.Grade {
	grade := r.first().Grade
	for _, b := range r.behind {
		grade = judge.Worst(grade, b.grade())
	}
	return grade
}

// services is the names of the row's services, each once.
func (r tableRow) services() []string {
	var names []string
	for _, e := range r.entries {
		if !slices.Contains(names, e.Service) {
			names = append(names, e.Service)
		}
	}
	return names
}

// tableRows makes the rows of a group: what failed comes first, and otherwise the order
// is that of the entries.
func tableRows(entries []content.Entry) []tableRow {
	var rows []tableRow
	for _, e := range entries {
		if n := len(rows); e.Parent != "" && n > 0 {
			rows[n-1].behind = append(rows[n-1].behind, tableRow{entries: []content.Entry{e}})
			continue
		}
		i := slices.IndexFunc(rows, func(r tableRow) bool { return sameOutcome(r.entries[0], e) })
		if i < 0 {
			rows = append(rows, tableRow{entries: []content.Entry{e}})
			continue
		}
		rows[i].entries = append(rows[i].entries, e)
	}
	slices.SortStableFunc(rows, func(a, b tableRow) int {
		return judge.Compare(b.grade(), a.grade())
	})
	return rows
}

// sameOutcome reports whether two services share a row: those of one port whose verdict is
// from before anything of their own was said, and those that were not asked, for one
// reason.
func sameOutcome(a, b content.Entry) bool {
	if a.Verdict != b.Verdict || a.Parent != "" || b.Parent != "" {
		return false
	}
	if a.Verdict == probe.Untried {
		return a.Obstacle == b.Obstacle
	}
	return a.Port != 0 && a.Port == b.Port && a.Network == b.Network && isEarly(a) && isEarly(b)
}

// isEarly reports whether a verdict is from before the service itself was asked anything.
func isEarly(e content.Entry) bool {
	switch e.Verdict {
	case probe.TimedOut, probe.Refused, probe.Prohibited, probe.Unreachable:
		return true
	case probe.Silent, probe.Cut, probe.BadTLS, probe.Mismatch:
		return e.Step == protocol.Connect || e.Step == protocol.TLS
	}
	return false
}
