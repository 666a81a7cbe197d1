// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"

	"exreach/report/judge"
)

// nameOf is the host of a group, and its address where that is something else.
func nameOf(g Group) []span {
	name := []span{{g.Host, bold}}
	if g.Address != "" && g.Address != g.Host {
		name = append(name, span{" " + g.Address, plain})
	}
	if n := g.Entries[0].Name; n != nil && n.Alias != "" {
		name = append(name, span{" (alias of " + n.Alias + ")", plain})
	}
	return name
}

// aboutName writes once, under its first address, what there is to know of a
// host's name, whatever the grades of its rows are.
func (t *table) aboutName(g Group) {
	if t.named == g.Host {
		return
	}
	t.named = g.Host
	for _, f := range g.Entries[0].Findings {
		if f.IsAboutName() {
			t.paragraph(margin, margin, span{f.Text, plain})
			t.paragraph(margin, margin+len("-> "), span{"-> " + f.Hint, plain})
		}
	}
}

// ofService is the findings of an entry that are not about the host's name.
func ofService(e Entry) []judge.Finding {
	return slices.DeleteFunc(slices.Clone(e.Findings), judge.Finding.IsAboutName)
}
