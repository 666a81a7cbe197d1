// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"slices"
	"testing"

	"exreach/catalog"
)

// TestMarksNameFacts: what the catalogue knows versions by are facts that a conversation
// learns.
func TestMarksNameFacts(t *testing.T) {
	var known []string
	for _, c := range constantsOfFacts(t) {
		known = append(known, c.name)
	}
	var releases *catalog.Releases
	for _, m := range releases.Marks() {
		if _, speaks := Table[m.Protocol]; !speaks {
			t.Errorf("mark %+v: there is no protocol %q", m, m.Protocol)
		}
		for _, fact := range append(slices.Clone(m.Without), m.Fact) {
			if fact != "" && !slices.Contains(known, fact) {
				t.Errorf("mark %+v: no conversation learns %q", m, fact)
			}
		}
	}
}
