// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"fmt"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// A Silence is how a peer fell silent before it had answered.
type Silence struct {
	Pace  Pace
	Heard int           // bytes that came in the step before time ran out
	Quiet time.Duration // how long nothing more had come by then

	Delivery Delivery // what this machine's TCP knows of it; "" where that is not known
	InSmall  bool     // it was asked again in small segments, which no path loses for their size, and said no more then
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

// detail says the same in one sentence. What had come before a first answer, where
// none of it belongs to that, was TLS.
func (s *Silence) detail(step protocol.Step, during string) string {
	switch {
	case s.Heard == 0 && s.Pace == Stalled && step == protocol.Talk:
		return "connected and began the conversation, but then nothing more came"
	case s.Heard == 0 && s.Pace == Stalled && step == protocol.Greet:
		return "connected and did the TLS handshake, but then nothing came " + during
	case s.Heard == 0 && s.Pace == Stalled:
		return "connected and began the conversation, but then nothing came " + during
	case s.Heard == 0:
		return "connected, but nothing came " + during
	case s.Pace == Slowly:
		return fmt.Sprintf("connected; %s came %s, and then time was up: too slowly", catalog.Count(s.Heard, "byte"), during)
	}
	return fmt.Sprintf("connected; %s came %s, and then nothing for %s", catalog.Count(s.Heard, "byte"), during, catalog.Elapsed(s.Quiet))
}
