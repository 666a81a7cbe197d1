// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"fmt"
	"time"
)

// A Silence is how a peer fell silent before it had answered.
type Silence struct {
	Pace  Pace
	Heard int           // bytes that came in the step before time ran out
	Quiet time.Duration // how long nothing more had come by then

	Delivery Delivery // what this machine's TCP knows of it; "" where that is not known
}

// A Pace is how a peer spoke that did not come to an end.
type Pace string

// The paces.
const (
	Never   Pace = "never"   // it said nothing at all
	Slowly  Pace = "slowly"  // it was still at it
	Stalled Pace = "stalled" // it had spoken, and then said nothing more
)

// silence is how the peer fell silent, nil where it did not. What came in the
// second half of the step shows a peer that is slow; one that had stopped by then
// would have said no more.
func (a *attempt) silence(v Verdict) *Silence {
	if v != Silent {
		return nil
	}
	total, last := a.hears.heard()
	ever, _ := a.raw.heard()
	took := a.steps[len(a.steps)-1].Took
	s := &Silence{Pace: Never, Heard: total - a.before, Quiet: took, Delivery: a.delivery}
	if s.Heard > 0 {
		s.Quiet = a.since.Add(took).Sub(last)
	}
	switch {
	case s.Heard > 0 && s.Quiet < took/2:
		s.Pace = Slowly
	case ever > 0:
		s.Pace = Stalled
	}
	return s
}

// detail says the same in one sentence.
func (s *Silence) detail(step string) string {
	switch {
	case s.Heard == 0 && s.Pace == Stalled:
		return fmt.Sprintf("connected and began the conversation, but then nothing came in the step %q", step)
	case s.Heard == 0:
		return fmt.Sprintf("connected, but nothing came in the step %q", step)
	case s.Pace == Slowly:
		return fmt.Sprintf("connected; %s came in the step %q, and then time was up: too slowly", count(s.Heard), step)
	}
	return fmt.Sprintf("connected; %s came in the step %q, and then nothing for %s", count(s.Heard), step, s.Quiet.Round(100*time.Millisecond))
}

func count(bytes int) string { return Count(bytes, "byte") }
