// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"errors"
	"fmt"
	"hash/maphash"

	"exreach/report/content"
)

// rows finds a file that was joined with itself. A run may well check a service twice, at a
// host that is named as a whole and with a port: but never with the same times, which are
// told to the microsecond. A second copy begins as the first does, so a number for each of
// the first results is enough.
type rows struct {
	seed  maphash.Seed
	known map[uint64]struct{} // those of the first results that took some time
	twice int                 // how many results had one of these numbers again
}

// firstRows is how many results are known, at most.
const firstRows = 1 << 16

var errJoined = errors.New("every result stands twice, with the same times: the report was joined with itself")

// add notes a result. Its error says that it was there before, if its times tell by themselves.
func (r *rows) add(e *content.Entry) error {
	if e.Took <= 0 {
		return nil
	}
	is := r.numberOf(e)
	if _, known := r.known[is]; !known {
		if len(r.known) < firstRows {
			r.known[is] = struct{}{}
		}
		return nil
	}
	if r.twice++; !isTelling(e) {
		return nil
	}
	return fmt.Errorf("the result of %s (%s) at %s stands twice, with the same times: was the report joined with itself, or with a part of it?",
		short(e.Service), short(e.PortText()), short(e.Host))
}

// end returns an error if everything stood twice. A single result proves nothing.
func (r *rows) end() error {
	if r.twice > 1 && r.twice >= len(r.known) {
		return errJoined
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
func (r *rows) numberOf(e *content.Entry) uint64 {
	var h maphash.Hash
	h.SetSeed(r.seed)
	fmt.Fprintf(&h, "%q %q %q %q %q %q %q %d %q %v %v %v", e.Host, e.Version, e.Role, e.Parent, e.Service, e.Network, e.Address, e.Port, e.Verdict, e.Took, e.RTT, e.Steps)
	return h.Sum64()
}
