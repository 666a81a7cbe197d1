// SPDX-License-Identifier: Apache-2.0

package report

import (
	"iter"
	"slices"
	"time"

	"exreach/probe"
)

// Hosts judges the results of a run that began at started, and yields the
// entries of each host as soon as its last result is there: only then can they
// be judged beside one another.
func Hosts(results iter.Seq[probe.Result], started time.Time) iter.Seq[[]Entry] {
	return func(yield func([]Entry) bool) {
		for host := range probe.ByHost(results) {
			if entries := judgeHost(host, started); len(entries) > 0 && !yield(entries) {
				return
			}
		}
	}
}

// judgeHost makes the entries of one host, in the order of a report.
func judgeHost(results []probe.Result, started time.Time) []Entry {
	results = slices.DeleteFunc(results, untold)
	entries := make([]Entry, 0, len(results))
	for _, r := range results {
		entries = append(entries, judge(seen{Result: r, started: started, beside: results}))
	}
	arrange(entries)
	return entries
}

// untold reports whether a result has no place in a report: that of a port
// which nobody uses, where nothing answered.
func untold(r probe.Result) bool {
	return r.Check.IsControl() && r.Verdict != probe.Answered
}
