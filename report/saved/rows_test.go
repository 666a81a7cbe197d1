// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"

	"exreach/report/content"
)

// A file that was joined with itself is found however long it is, and what is kept for that
// does not grow with it.
func TestRows(t *testing.T) {
	r, seed := rows{known: map[uint64]int{}}, maphash.MakeSeed()
	read := func(n int) {
		for i := range n {
			r.add(seed, &content.Entry{Host: "mail01", Port: uint16(i), Took: 1 + float64(i)}, 1, i)
		}
	}
	read(2 * firstRows)
	if err := r.end(1, &runs{}); err != nil || len(r.known) != firstRows {
		t.Errorf("%d of %d results are known, %v", len(r.known), 2*firstRows, err)
	}
	read(2 * firstRows)
	if err := r.end(1, &runs{}); err == nil || !strings.Contains(err.Error(), "joined with itself") {
		t.Errorf("twice the same: %v", err)
	}
}

// A result whose times are no coincidence tells alone, and the message names it and not one
// that stood twice before it.
func TestRowsTelling(t *testing.T) {
	r, seed := rows{known: map[uint64]int{}}, maphash.MakeSeed()
	const quick, slow = 50e-6, 4e-3
	for i, e := range []struct {
		port uint16
		took float64
	}{{25, quick}, {443, slow}, {587, slow}, {993, slow}, {995, slow}, {25, quick}, {443, slow}, {587, slow}} {
		r.add(seed, &content.Entry{Host: "mail01", Service: "s", Network: "tcp", Port: e.port, Took: 2 * e.took, Steps: []content.Step{
			{Step: "connect", Took: e.took}, {Step: "talk", Took: e.took},
		}}, 1, i+1)
	}
	want := "line 7: the report was joined with itself, or with a part of it: the result of s (443/tcp) at mail01 stands twice, with the same times"
	if said := fmt.Sprint(r.end(1, &runs{})); said != want {
		t.Errorf("got %s", said)
	}
}

// exreach checks a host that is named as a whole and with a port as both: two results of a
// service are no mistake, and neither are those that took no time.
func TestRowsOfBoth(t *testing.T) {
	r, seed := rows{known: map[uint64]int{}}, maphash.MakeSeed()
	connected := func(took float64) []content.Step {
		return []content.Step{{Step: "resolve", Took: 2e-6}, {Step: "connect", Took: took}}
	}
	for i, e := range []content.Entry{
		{Port: 25, Took: 0.0005, Steps: connected(0.0004)}, {Port: 443, Took: 0.0006, Steps: connected(0.0005)}, {Port: 587},
		{Port: 443, Took: 0.0006, Steps: connected(0.0005)}, {Port: 443, Took: 0.0007, Steps: connected(0.0006)}, {Port: 587},
	} {
		r.add(seed, &e, 1, i)
	}
	if err := r.end(1, &runs{}); err != nil {
		t.Error(err)
	}
}
