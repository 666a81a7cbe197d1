// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// learn takes in the ground rules of one more entry. Most of them are there
// already: whole networks share one.
func (r *Report) learn(rules []catalog.GroundRule) {
	for _, rule := range rules {
		if slices.ContainsFunc(r.GroundRules, func(g GroundRule) bool { return g.Text == rule.Text }) {
			continue
		}
		sources := []string{}
		for _, s := range rule.Sources {
			sources = append(sources, s.Title)
		}
		r.GroundRules = append(r.GroundRules, GroundRule{Text: rule.Text, Sources: sources})
	}
}

// groundRules writes what holds whatever the rows say, so that a report
// without a failure is not taken for a path that is as it should be.
func (t *table) groundRules(rules []GroundRule) {
	for _, g := range rules {
		t.paragraph(0, margin, span{"Ground rule:", bold}, span{fmt.Sprintf("%s (%s)", g.Text, strings.Join(g.Sources, "; ")), plain})
		t.line(0)
	}
}
