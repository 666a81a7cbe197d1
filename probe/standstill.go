// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"exreach/probe/lookup"
)

// A program that is stopped (Ctrl-Z, docker pause) or asleep with its machine finds
// all its deadlines passed when it goes on, and its peers gone. That says nothing
// about the peers, so a check that was under way is asked again.
const (
	heartbeat  = 250 * time.Millisecond // how often the program looks at the clock
	standstill = 2 * time.Second        // between two looks: longer than any busy machine delays one
	mostStills = 3                      // standstills after each of which a check is asked again
)

// still notices when the program stands still. Each run has one.
type still struct {
	clock func() time.Time // time.Now, except in tests

	mu      sync.Mutex // guards the fields below
	last    time.Time  // when times last looked at the clock
	count   int        // how often the program stood still
	resumed time.Time  // when it went on the last time, by the program's own time; zero: never
}

func newStill(clock func() time.Time) *still {
	if clock == nil {
		clock = time.Now
	}
	return &still{clock: clock, last: clock()}
}

// times returns how often the program has stood still so far. It looks at the clock
// itself and does not leave that to watch: after a standstill any goroutine may run first.
func (s *still) times() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if passed(s.last, now) >= standstill {
		s.count++
		s.resumed = time.Now()
	}
	s.last = now
	return s.count
}

// passed returns the time between two looks, by the clock that shows more. In a suspend
// the monotonic clock stands still on most systems (CLOCK_MONOTONIC and CLOCK_BOOTTIME
// in clock_gettime(2)), and the wall clock does not. The wall clock may also have been
// set, which costs no more than asking again.
func passed(from, to time.Time) time.Duration {
	return max(to.Sub(from), to.Round(0).Sub(from.Round(0)))
}

// watch keeps looking until ctx ends.
func (s *still) watch(ctx context.Context) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-beat.C:
			s.times()
		case <-ctx.Done():
			return
		}
	}
}

// awake returns how long ago the program last stood still; limit where it never has.
func (s *still) awake(limit time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.resumed.IsZero() {
		return limit
	}
	return time.Since(s.resumed)
}

// stoodStill is the detail of a check that could not be asked because of standstills.
const stoodStill = "this program was stopped (Ctrl-Z, a suspended machine or container) whenever it asked"

// resume waits a moment after a standstill, for the machine to find its networks again.
// It counts the standstill in stills, and reports whether to ask once more.
func resume(ctx context.Context, stills *int) bool {
	*stills++
	return *stills <= mostStills && sleep(ctx, time.Second)
}

// errStoodStill is in the error of a lookup that never had the time it should have had.
var errStoodStill = errors.New(stoodStill)

// resolveAwake looks a name up, and does so again where the program stood still meanwhile.
func (r *run) resolveAwake(ctx context.Context, host string) (lookup.Name, error) {
	for stills := 0; ; {
		before := r.still.times()
		name, err := r.pool.Resolve(ctx, host)
		if err == nil || lookup.NotFound(err) || r.still.times() == before || ctx.Err() != nil {
			return name, err
		}
		if !resume(ctx, &stills) {
			return name, fmt.Errorf("%w: %w", errStoodStill, err)
		}
		r.pool.Resolver.Forget(host)
	}
}
