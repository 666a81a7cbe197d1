// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"

	"exreach/report/content"
)

// notes is what reports say beside their results. Many say the same.
type notes struct {
	rules      map[string]bool // the texts of the ground rules so far
	untestable map[content.Untestable]bool
}

// manyNotes is more than all catalogues have of each kind.
const manyNotes = 1 << 12

var errManyNotes = fmt.Errorf("more than %d different ones in all reports: exreach writes none of so many", manyNotes)

// note passes on what no report before has said.
func (r *Reader) note(rules []content.GroundRule, untestable []content.Untestable) error {
	var freshRules []content.GroundRule
	for _, rule := range rules {
		if !r.notes.rules[rule.Text] {
			r.notes.rules[rule.Text] = true
			freshRules = append(freshRules, rule)
		}
	}
	var fresh []content.Untestable
	for _, u := range untestable {
		if !r.notes.untestable[u] {
			r.notes.untestable[u] = true
			fresh = append(fresh, u)
		}
	}
	if len(r.notes.rules) > manyNotes || len(r.notes.untestable) > manyNotes {
		return errManyNotes
	}
	r.to.Note(freshRules, fresh)
	return nil
}
