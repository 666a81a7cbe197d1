// SPDX-License-Identifier: Apache-2.0

package report

import "slices"

// A Conclusion is which version of Exchange a host runs, by its own account.
type Conclusion struct {
	Candidates []string // in the order of release: none where it says nothing of the kind
	Said       string   // what tells most: `the greeting "..."`
}

// Conclude puts together what the entries of one host admit to. Where two
// contradict each other, as servers behind one name may, the one that tells
// more holds.
func Conclude(entries []Entry) Conclusion {
	var all []Conclusion
	for _, e := range entries {
		if candidates, said := Versions(e); len(candidates) > 0 {
			all = append(all, Conclusion{candidates, said})
		}
	}
	slices.SortStableFunc(all, func(a, b Conclusion) int { return len(a.Candidates) - len(b.Candidates) })
	var c Conclusion
	for i, next := range all {
		both := slices.DeleteFunc(slices.Clone(next.Candidates), func(v string) bool { return !slices.Contains(c.Candidates, v) })
		switch {
		case i == 0:
			c = next
		case len(both) > 0:
			c.Candidates = both
		}
	}
	return c
}

// Version is the version to check such a host as, of those that it may be: the
// newest that has the role. It is "" where there is none.
func (c Conclusion) Version(hasRole func(version string) bool) string {
	best := ""
	for _, v := range c.Candidates {
		if hasRole(v) && (v != online || len(c.Candidates) == 1) {
			best = v
		}
	}
	return best
}
