// SPDX-License-Identifier: Apache-2.0

package report

import (
	"iter"

	"exreach/catalog"
)

// A Finished is a report of which everything is known, and whose results need not
// be in memory: a format goes through them host by host, as often as it likes.
type Finished struct {
	Report          // without its results
	hosts   int     // that the results are about
	columns columns // of a table of all results
	parts   parts

	releases *catalog.Releases // that the checks know
}

// parts is the results of one host after the other, in the order of the report.
// They are the reader's until it asks for those of the next. An error is an
// *UnreadError, and the last that comes.
type parts = iter.Seq2[[]Entry, error]

// An UnreadError says that the results of a report could not be read while it was
// written.
type UnreadError struct{ error }

func (e *UnreadError) Unwrap() error { return e.error }

// Finished is the report with its results in memory.
func (r Report) Finished() Finished {
	results := r.Results
	hosts := map[string]bool{}
	for i := range results {
		hosts[results[i].Host] = true
	}
	f := Finished{Report: r, hosts: len(hosts), parts: func(yield func([]Entry, error) bool) { yield(results, nil) }}
	f.columns.measure(results)
	f.Results = []Entry{}
	return f
}
