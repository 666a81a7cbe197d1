// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"cmp"
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

// A copy of a run without a head is found among any number of runs: the first results of each
// are known. No run is taken for another because of one result.
func TestRowsOfMany(t *testing.T) {
	r, all, seed := rows{known: map[uint64]int{}}, runs{numbers: map[runHead]int{}}, maphash.MakeSeed()
	read := func(name string, first, n int) error {
		run, err := all.begin(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := first; i < first+n; i++ {
			took := 0.001 + float64(i)/1e6
			r.add(seed, &content.Entry{Host: "mail01", Service: "s", Network: "tcp", Port: 25, Took: took, Steps: []content.Step{{Took: took}, {Took: took}}}, run, i-first+1)
		}
		return r.end(run, &all)
	}
	for i, test := range []struct {
		first, n int
		says     string
	}{
		{0, 2 * firstRows, ""},
		{3 * firstRows, 1000, ""},
		{4 * firstRows, 1, ""},
		{3*firstRows + 50, 1000, "line 1: it is of the same run as 1.jsonl: leave one of them out: the result of s (25/tcp) at mail01 stands in both, with the same times"},
		{4 * firstRows, 1, "line 1: it is of the same run as 2.jsonl: "},
		{4*firstRows - 1, 1000, ""},
	} {
		if err := read(fmt.Sprintf("%d.jsonl", i), test.first, test.n); test.says == "" && err != nil || !strings.HasPrefix(fmt.Sprint(err), cmp.Or(test.says, "<nil>")) {
			t.Errorf("%d: got %v, want %s", i, err, test.says)
		}
	}
	if most := firstRows + firstOfRun*len(all.all); len(r.known) > most {
		t.Errorf("%d results are known, more than %d", len(r.known), most)
	}
}
