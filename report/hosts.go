// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"iter"
	"slices"
	"time"

	"exreach/probe"
)

// patience is how long a host may take to be judged once the run is interrupted.
const patience = 200 * time.Millisecond

// Hosts judges the results of a run that began at started, and yields the
// entries of each host as soon as its last result is there: only then can they
// be judged beside one another. Once ctx has ended, a host that takes long is told
// without being judged. What was found out about a host beforehand stands at its
// first entry; identified is asked for it by the host's name, and is nil where nobody
// found out anything.
func Hosts(ctx context.Context, results iter.Seq[probe.Result], started time.Time, identified func(host string) *Identified) iter.Seq[[]Entry] {
	return func(yield func([]Entry) bool) {
		for host := range probe.ByHost(results) {
			entries := judgeHost(host, started, outOfPatience(ctx))
			if len(entries) > 0 && identified != nil {
				entries[0].identify(identified(entries[0].Host))
			}
			if len(entries) > 0 && !yield(entries) {
				return
			}
		}
	}
}

// outOfPatience reports whether ctx ended and patience is over. Patience begins when
// it is asked first after that.
func outOfPatience(ctx context.Context) func() bool {
	var until time.Time
	return func() bool {
		switch {
		case ctx.Err() == nil:
			return false
		case until.IsZero():
			until = time.Now().Add(patience)
		}
		return time.Now().After(until)
	}
}

// judgeHost makes the entries of one host, in the order of a report. From the
// moment on that hurried says so, the rest is not judged.
func judgeHost(results []probe.Result, started time.Time, hurried func() bool) []Entry {
	results = slices.DeleteFunc(results, untold)
	beside := newNeighbourhood(results)
	entries := make([]Entry, 0, len(results))
	for _, r := range results {
		entries = append(entries, judge(seen{Result: r, started: started, beside: beside, hurried: hurried()}))
	}
	arrange(entries)
	return entries
}

// untold reports whether a result has no place in a report: that of a port
// which nobody uses, where nothing answered.
func untold(r probe.Result) bool {
	return r.Check.IsControl() && r.Verdict != probe.Answered
}
