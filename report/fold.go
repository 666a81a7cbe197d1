// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"exreach/report/content"
	"exreach/report/judge"
)

// A tableRow is a row of a table: an entry, or several of one port that have the same
// outcome.
type tableRow struct {
	entries []*content.Entry
	behind  []tableRow // what an endpoint mapper led to
}

// first is the entry that speaks for the row: of the worst grade.
func (r tableRow) first() content.Entry {
	return *slices.MaxFunc(r.entries, func(a, b *content.Entry) int {
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
	known := map[string]bool{}
	for _, e := range r.entries {
		if !known[e.Service] {
			known[e.Service] = true
			names = append(names, e.Service)
		}
	}
	return names
}

// tableRows makes the rows of a group: what failed comes first, and otherwise the order
// is that of the entries.
func tableRows(entries []content.Entry) []tableRow {
	var rows []tableRow
	places := map[content.Outcome]int{}
	for i := range entries {
		e := &entries[i]
		if n := len(rows); e.Parent != "" && n > 0 {
			rows[n-1].behind = append(rows[n-1].behind, tableRow{entries: []*content.Entry{e}})
			continue
		}
		shared, isShared := content.OutcomeOf(*e)
		if i, known := places[shared]; known && isShared {
			rows[i].entries = append(rows[i].entries, e)
			continue
		}
		if isShared {
			places[shared] = len(rows)
		}
		rows = append(rows, tableRow{entries: []*content.Entry{e}})
	}
	slices.SortStableFunc(rows, func(a, b tableRow) int {
		return judge.Compare(b.grade(), a.grade())
	})
	return rows
}
