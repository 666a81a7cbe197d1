// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"hash/maphash"
	"testing"

	"exreach/report/content"
)

// A file that was joined with itself is found however long it is, and what is kept for that
// does not grow with it.
func TestRows(t *testing.T) {
	r := rows{seed: maphash.MakeSeed(), known: map[uint64]struct{}{}}
	read := func(n int) {
		for i := range n {
			if err := r.add(&content.Entry{Host: "mail01", Port: uint16(i), Took: 1 + float64(i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(2 * firstRows)
	if err := r.end(); err != nil || len(r.known) != firstRows {
		t.Errorf("%d of %d results are known, %v", len(r.known), 2*firstRows, err)
	}
	read(2 * firstRows)
	if err := r.end(); err != errJoined {
		t.Errorf("twice the same: %v", err)
	}
}

// exreach checks a host that is named as a whole and with a port as both: two results of a
// service are no mistake, and neither are those that took no time.
func TestRowsOfBoth(t *testing.T) {
	r := rows{seed: maphash.MakeSeed(), known: map[uint64]struct{}{}}
	connected := func(took float64) []content.Step {
		return []content.Step{{Step: "resolve", Took: 2e-6}, {Step: "connect", Took: took}}
	}
	for _, e := range []content.Entry{
		{Port: 25, Took: 0.0005, Steps: connected(0.0004)}, {Port: 443, Took: 0.0006, Steps: connected(0.0005)}, {Port: 587},
		{Port: 443, Took: 0.0006, Steps: connected(0.0005)}, {Port: 443, Took: 0.0007, Steps: connected(0.0006)}, {Port: 587},
	} {
		if err := r.add(&e); err != nil {
			t.Error(err)
		}
	}
	if err := r.end(); err != nil {
		t.Error(err)
	}
}
