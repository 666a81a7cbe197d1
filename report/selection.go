// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/identity"
)

// A Selection leaves only some results of saved reports. The zero value leaves all.
type Selection struct {
	Grades []judge.Grade            // the worse of grade and care must be one of these; none means any
	Host   func(name string) bool   // whether a host is selected; nil means all are
	Only   func(content.Entry) bool // whether the service of a result is selected; nil means all are
}

// A selector is a Selection at work.
type selector struct {
	Selection
	found map[pair]*identity.Identified // what hosts were found to be whose first results were left out
}

// Select makes the draft leave out the results that are not selected.
func (d *Draft) Select(s Selection) {
	d.chosen = selector{Selection: s, found: map[pair]*identity.Identified{}}
}

// choose returns the selected entries of a host. Where others may be left out, nothing
// follows about the host as a whole.
func (s *selector) choose(run int, entries []content.Entry) []content.Entry {
	if s.Host == nil && !s.cuts() {
		return entries
	}
	var chosen []content.Entry
	for _, e := range entries {
		if s.Host != nil && !s.Host(e.Host) {
			continue
		}
		is := pair{run, e.Host}
		if e.Identified != nil {
			s.found[is] = e.Identified
		}
		if !s.has(e) {
			continue
		}
		if id := s.found[is]; id != nil {
			e.Identified = id
			delete(s.found, is)
		} else {
			e.Identified = nil
		}
		e.Partial = e.Partial || s.cuts()
		chosen = append(chosen, e)
	}
	return chosen
}

// cuts reports whether some results of a host may be left out, and not others.
func (s *selector) cuts() bool { return s.Only != nil || len(s.Grades) > 0 }

// has reports whether a result of a selected host is selected.
func (s *selector) has(e content.Entry) bool {
	if s.Only != nil && !s.Only(e) {
		return false
	}
	return len(s.Grades) == 0 || slices.Contains(s.Grades, judge.Worst(e.Grade, e.Care))
}
