// SPDX-License-Identifier: Apache-2.0

package content

import (
	"slices"

	"exreach/report/judge"
)

// A Row is what a report for people says at once: an entry, or several of one port that have
// the same outcome.
type Row struct {
	Entries []*Entry
	Behind  []Row // what an endpoint mapper led to
}

// First returns the entry that speaks for the row: of the worst grade.
func (r Row) First() Entry {
	return *slices.MaxFunc(r.Entries, func(a, b *Entry) int {
		return judge.Compare(a.Grade, b.Grade)
	})
}

// Grade returns the worst of the row and of what is behind it.
func (r Row) Grade() judge.Grade {
	grade := r.First().Grade
	for _, b := range r.Behind {
		grade = judge.Worst(grade, b.Grade())
	}
	return grade
}

// Care returns the worst care of the row, without what is behind it.
func (r Row) Care() judge.Grade {
	care := judge.Pass
	for _, e := range r.Entries {
		care = judge.Worst(care, e.Care)
	}
	return care
}

// Services returns the names of the row's services, each once.
func (r Row) Services() []string {
	var names []string
	known := map[string]bool{}
	for _, e := range r.Entries {
		if !known[e.Service] {
			known[e.Service] = true
			names = append(names, e.Service)
		}
	}
	return names
}

// Rows makes the rows of a group: what failed comes first, and otherwise the order is that of
// the entries.
func Rows(entries []Entry) []Row {
	var rows []Row
	places := map[Outcome]int{}
	for i := range entries {
		e := &entries[i]
		if n := len(rows); e.Parent != "" && n > 0 {
			rows[n-1].Behind = append(rows[n-1].Behind, Row{Entries: []*Entry{e}})
			continue
		}
		shared, isShared := OutcomeOf(*e)
		if i, known := places[shared]; known && isShared {
			rows[i].Entries = append(rows[i].Entries, e)
			continue
		}
		if isShared {
			places[shared] = len(rows)
		}
		rows = append(rows, Row{Entries: []*Entry{e}})
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		return judge.Compare(b.Grade(), a.Grade())
	})
	return rows
}
