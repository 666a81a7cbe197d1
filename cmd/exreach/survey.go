// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"exreach/probe"
	"exreach/report/judge/identity"
)

// A survey is everything that a run asks.
type survey struct {
	hosts *roster
	plan  *planner
	who   *identifier
}

// results asks everything, host by host. A host is begun when there is room for
// its checks; what is not begun when ctx ends is not asked.
func (s *survey) results(ctx context.Context, pool *probe.Pool) iter.Seq[probe.Result] {
	known, auto := s.hosts.parts(ctx, s.who.isOpen)
	asking, checking := *pool, *pool
	if several := s.hosts.pipe != nil || s.hosts.named.Load() > 1; several && s.plan.auto {
		asking, checking = divide(pool)
	}
	found := s.who.targets(ctx, quick(asking), auto)
	if pool.Limit == 1 { // nobody else may have a connection meanwhile
		found = slices.Values(slices.Collect(found))
	}
	return checking.Run(ctx, s.plan.checks(ctx, func(yield func(target) bool) {
		for _, targets := range []iter.Seq[target]{known, found} {
			for t := range targets {
				if !yield(t) {
					return
				}
			}
		}
	}))
}

// unasked is how many hosts the run did not come to.
func (s *survey) unasked() int { return int(s.hosts.named.Load() - s.plan.begun.Load()) }

// identified is what was found out about a host.
func (s *survey) identified(host string) *identity.Identified { return s.who.identified(host) }

// failed says why not everything was asked that should have been. It is to be
// asked when the run is over.
func (s *survey) failed() error {
	switch {
	case s.plan.bad > 1:
		return fmt.Errorf("%w (and %s more)", s.plan.err, probe.Count(s.plan.bad-1, "host"))
	case s.plan.err != nil:
		return s.plan.err
	case s.hosts.pipe != nil && s.hosts.pipe.err != nil:
		return s.hosts.pipe.err
	case s.plan.asked.Load() == 0 && s.unasked() == 0:
		return nothingLeft()
	}
	return nil
}

// A goal is how much a run has to do, as far as that is known.
type goal struct {
	hosts  int  // 0 where more may come
	checks int  // 0 where nothing tells it
	about  bool // checks is reckoned from the hosts that were begun
}

// goal may be asked at any time.
func (s *survey) goal() goal {
	g := goal{checks: s.plan.total}
	if s.hosts.whole.Load() {
		g.hosts = int(s.hosts.named.Load())
	}
	begun, asked := int(s.plan.begun.Load()), int(s.plan.asked.Load())
	if g.checks == 0 && begun > 0 {
		g.checks = asked * g.hosts / begun
		g.about = begun < g.hosts
	}
	return g
}
