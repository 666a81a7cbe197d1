// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"hash/maphash"

	"exreach/report/content"
)

// rows finds a report that was joined with itself. A run may well check a service twice, at a
// host that is named as a whole and with a port: but never with the same times, which are
// told to the microsecond. A second copy begins as the first does, so a number for each of
// the first results is enough.
type rows struct {
	known map[uint64]int // the runs of the first results that took some time, by the numbers of these
	of    []runRows      // by run
}

// A runRows is what is known of the results of a run.
type runRows struct {
	fresh  int    // how many of them are among the known
	own    copies // that stood in the same run before
	others copies // that stood in another run before
	other  int    // the last such run
}

// copies is results that have the number of one before them.
type copies struct {
	n       int
	telling int    // the times of so many are no coincidence
	example string // one of them, if possible a telling one
	line    int    // of the example
}

// How many results are known, at most: the first of all reports, and the first of each run.
const (
	firstRows  = 1 << 16
	firstOfRun = 1 << 6
)

// add notes a result of a run, which ends on some line.
func (r *rows) add(seed maphash.Seed, e *content.Entry, run, line int) {
	if e.Took <= 0 {
		return
	}
	for len(r.of) < run {
		r.of = append(r.of, runRows{})
	}
	of, is := &r.of[run-1], numberOf(seed, e)
	switch before, known := r.known[is]; {
	case known && before == run:
		of.own.add(e, line)
	case known:
		of.others.add(e, line)
		of.other = before
	case len(r.known) < firstRows || of.fresh < firstOfRun:
		r.known[is] = run
		of.fresh++
	}
}

func (c *copies) add(e *content.Entry, line int) {
	c.n++
	telling := isTelling(e)
	if c.n == 1 || telling && c.telling == 0 {
		c.line = line
		c.example = fmt.Sprintf("the result of %s (%s) at %s", short(e.Service), short(e.PortText()), short(e.Host))
	}
	if telling {
		c.telling++
	}
}

// end returns an error if one result tells that a run was joined with itself, or if half of
// its results stand twice: one that tells nothing is no proof. Of two runs of which one does
// not say when it began, one result may be alike by chance: there are many pairs of them.
func (r *rows) end(run int, all *runs) error {
	if run > len(r.of) {
		return nil
	}
	of := r.of[run-1]
	own, others := of.own, of.others
	if own.telling > 0 || own.n > 1 && 2*own.n >= of.fresh {
		return fmt.Errorf("line %d: the report was joined with itself, or with a part of it: %s stands twice, with the same times", own.line, own.example)
	}
	if others.n == 0 || all.all[run-1].dated && all.all[of.other-1].dated {
		return nil
	}
	if others.telling > 1 || (others.telling == 1 || others.n > 1) && others.n >= of.fresh {
		return fmt.Errorf("line %d: %w: %s stands in both, with the same times", others.line, all.same(run, of.other), others.example)
	}
	return nil
}

// isTelling reports whether the times of a result are no coincidence: those of two steps,
// neither of them over in less than the tenth of a millisecond.
func isTelling(e *content.Entry) bool {
	const fewest, shortest = 2, 100e-6
	n := 0
	for _, s := range e.Steps {
		if s.Took >= shortest {
			n++
		}
	}
	return n >= fewest
}

// numberOf returns a number that is the same for two results of the same check.
func numberOf(seed maphash.Seed, e *content.Entry) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	fmt.Fprintf(&h, "%q %q %q %q %q %q %q %d %q %v %v %v", e.Host, e.Version, e.Role, e.Parent, e.Service, e.Network, e.Address, e.Port, e.Verdict, e.Took, e.RTT, e.Steps)
	return h.Sum64()
}
