// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"iter"
	"net/netip"
	"slices"

	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/judge"
)

// A Group is the entries of one role of one host at one address. A table writes them
// together.
type Group struct {
	Host    string
	Version string
	Role    string
	Address string // "" where the name has none
	Entries []Entry
	Whole   *Entry // the entry to write for all, if none could be asked, for one reason; nil otherwise
}

// groups splits entries where the host, its version, its role or its address changes.
func groups(entries []Entry) iter.Seq[Group] {
	return func(yield func(Group) bool) {
		for rest := entries; len(rest) > 0; {
			first, n := &rest[0], 1
			for n < len(rest) && sameGroup(first, &rest[n]) {
				n++
			}
			g := Group{Host: first.Host, Version: first.Version, Role: first.Role, Address: first.Address, Entries: rest[:n]}
			g.Whole = wholeOf(g.Entries)
			if !yield(g) {
				return
			}
			rest = rest[n:]
		}
	}
}

func sameGroup(a, b *Entry) bool {
	return a.Host == b.Host && a.Version == b.Version && a.Role == b.Role && a.Address == b.Address
}

// unaskedAlike reports whether none of the entries could be asked, all for the same
// reason.
func unaskedAlike(entries []Entry) bool {
	first := entries[0]
	if v := first.Verdict; v != probe.Unresolved && v != probe.Untried {
		return false
	}
	return !slices.ContainsFunc(entries, func(e Entry) bool {
		return e.Verdict != first.Verdict || e.Detail != first.Detail
	})
}

// arrange sorts entries, which stand in the order of a file, into the order in which
// exreach writes a report.
func arrange(entries []Entry) {
	judge.Arrange(entries, func(i int, e *Entry) judge.Key {
		address, _ := netip.ParseAddr(e.Address)
		return judge.Key{
			Host: e.Host, Version: e.Version, Role: e.Role, Service: e.Service, Parent: e.Parent,
			Order: i, Address: address, Port: e.Port,
		}
	})
}

// A tableRow is a row of a table: an entry, or several of one port that have the same
// outcome.
type tableRow struct {
	entries []Entry
	behind  []tableRow // what an endpoint mapper led to
}

// first is the entry that speaks for the row: of the worst grade.
func (r tableRow) first() Entry {
	return slices.MaxFunc(r.entries, func(a, b Entry) int {
		return cmp.Compare(slices.Index(severity, a.Grade), slices.Index(severity, b.Grade))
	})
}

// grade is the worst of the row and of what is behind it.
func (r tableRow) grade() judge.Grade {
	grade := r.first().Grade
	for _, b := range r.behind {
		grade = worst(grade, b.grade())
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
func tableRows(entries []Entry) []tableRow {
	var rows []tableRow
	for _, e := range entries {
		if n := len(rows); e.Parent != "" && n > 0 {
			rows[n-1].behind = append(rows[n-1].behind, tableRow{entries: []Entry{e}})
			continue
		}
		i := slices.IndexFunc(rows, func(r tableRow) bool { return sameOutcome(r.entries[0], e) })
		if i < 0 {
			rows = append(rows, tableRow{entries: []Entry{e}})
			continue
		}
		rows[i].entries = append(rows[i].entries, e)
	}
	slices.SortStableFunc(rows, func(a, b tableRow) int {
		return cmp.Compare(slices.Index(severity, b.grade()), slices.Index(severity, a.grade()))
	})
	return rows
}

// sameOutcome reports whether two services share a row: those of one port whose verdict is
// from before anything of their own was said, and those that were not asked, for one
// reason.
func sameOutcome(a, b Entry) bool {
	if a.Verdict != b.Verdict || a.Parent != "" || b.Parent != "" {
		return false
	}
	if a.Verdict == probe.Untried {
		return a.Obstacle == b.Obstacle
	}
	return a.Port != 0 && a.Port == b.Port && a.Network == b.Network && isEarly(a) && isEarly(b)
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

// sameResults reports whether two addresses of a host have the same outcome, service by
// service.
func sameResults(a, b Group) bool {
	return a.Version == b.Version && a.Role == b.Role && slices.EqualFunc(a.Entries, b.Entries, func(x, y Entry) bool {
		return x.Service == y.Service && x.Parent == y.Parent && x.Verdict == y.Verdict && x.Grade == y.Grade && x.Care == y.Care &&
			(x.Port == y.Port || x.Parent != "")
	})
}

// quietAll reports whether nothing came back from any of several ports of a group at which
// something is wanted.
func quietAll(entries []Entry) bool {
	l := newLedger(entries)
	return len(l.ports) > 1 && l.noAnswer(entries)
}
