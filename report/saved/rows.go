// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"fmt"
	"hash/maphash"

	"exreach/report/content"
)

// rows finds a file that was joined with itself. A run may well check a service twice, at a
// host that is named as a whole and with a port: but never with the same times, which are
// told to the microsecond. A second copy begins as the first does, so a number for each of
// the first results is enough.
type rows struct {
	known   map[uint64]struct{} // the numbers of the first results that took some time
	twice   int                 // how many results had one of these numbers again
	telling bool                // the times of one of them were no coincidence
	example string              // one of them, if possible a telling one
	line    int                 // of the example
}

// firstRows is how many results are known, at most.
const firstRows = 1 << 16

// add notes a result, which ends on some line.
func (r *rows) add(seed maphash.Seed, e *content.Entry, line int) {
	if e.Took <= 0 {
		return
	}
	is := numberOf(seed, e)
	if _, known := r.known[is]; !known {
		if len(r.known) < firstRows {
			r.known[is] = struct{}{}
		}
		return
	}
	r.twice++
	if telling := isTelling(e); r.twice == 1 || telling && !r.telling {
		r.telling, r.line = telling, line
		r.example = fmt.Sprintf("the result of %s (%s) at %s", short(e.Service), short(e.PortText()), short(e.Host))
	}
}

// end returns an error if one result tells that the file was joined with itself, or if half of
// them stand twice: one that tells nothing is no proof.
func (r *rows) end() error {
	if r.telling || r.twice > 1 && 2*r.twice >= len(r.known) {
		return fmt.Errorf("line %d: the report was joined with itself, or with a part of it: %s stands twice, with the same times", r.line, r.example)
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
