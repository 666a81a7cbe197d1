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
func (r Row) Services() []string { return r.each(func(e *Entry) string { return e.Service }) }

// Versions returns the versions in which the row's services were checked, each once.
func (r Row) Versions() []string { return r.each(func(e *Entry) string { return e.Version }) }

// Roles returns the roles that have the row's services, each once.
func (r Row) Roles() []string { return r.each(func(e *Entry) string { return e.Role }) }

// each returns a text of every entry, each once.
func (r Row) each(text func(*Entry) string) []string {
	var texts []string
	known := map[string]bool{}
	for _, e := range r.Entries {
		if is := text(e); !known[is] {
			known[is] = true
			texts = append(texts, is)
		}
	}
	return texts
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

// PortRows makes one row of each port of each address of a host, in the order of the entries.
// An RPC interface without a port has a row of its own.
func PortRows(entries []Entry) []Row {
	type port struct {
		address, port string
		service       string // of an interface without a port
	}
	var rows []Row
	places := map[port]int{}
	for i := range entries {
		e := &entries[i]
		is := port{address: e.Address, port: e.PortText()}
		if e.Port == 0 {
			is.service = e.Service
		}
		at, known := places[is]
		if !known {
			at = len(rows)
			places[is] = at
			rows = append(rows, Row{})
		}
		rows[at].Entries = append(rows[at].Entries, e)
	}
	return rows
}
