// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"iter"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
)

// This file is all that survey knows of how a pool is handed its checks and gives its
// results back. Everywhere else the unit is the host.

// A hostPlan is what one host is asked.
type hostPlan struct {
	Host   string
	Place  int // among the hosts of the run
	Checks []catalog.Check
}

// stride is how far the numbers of two hosts are apart: more than any has checks.
const stride = 1 << 12

// check asks the hosts what is planned, and judges each when its last result is there.
func (s *Survey) check(ctx context.Context, pool *probe.Pool, plans iter.Seq[hostPlan]) iter.Seq[judge.Host] {
	return func(yield func(judge.Host) bool) {
		results := pool.Run(ctx, func(yield func(catalog.Check) bool) {
			for p := range plans {
				for _, c := range catalog.Number(p.Checks, p.Place*stride) {
					if !yield(c) {
						return
					}
				}
			}
		})
		if s.Every > 0 {
			results = s.meter.counting(results)
		}
		if tracer := s.tracer(); tracer != nil {
			results = tracer.Results(ctx, results)
		}
		for host := range judge.Hosts(ctx, results, s.Began, s.who.identified) {
			if !yield(host) {
				return
			}
		}
	}
}

// tracer shows how far packets get; nil where that is not wanted, or this system cannot.
func (s *Survey) tracer() *probe.Tracer {
	if !s.Trace || probe.CanTrace() != nil {
		return nil
	}
	return &probe.Tracer{Source: s.Pool.Source}
}

// answers asks each host its questions, and yields the answers of each in the order of a
// report, once they are all there.
func answers(ctx context.Context, pool *probe.Pool, plans iter.Seq[hostPlan]) iter.Seq[[]probe.Result] {
	return func(yield func([]probe.Result) bool) {
		results := pool.Run(ctx, func(yield func(catalog.Check) bool) {
			for p := range plans {
				for _, c := range p.Checks {
					if !yield(c) {
						return
					}
				}
			}
		})
		for heard := range probe.ByHost(results) {
			judge.InOrder(heard)
			if !yield(heard) {
				return
			}
		}
	}
}

// counting passes results on and counts the checks and the hosts that are done. A check
// counts once, however many addresses its host has and whatever is behind it.
func (m *meter) counting(results iter.Seq[probe.Result]) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		done := map[string]int{} // checks that are over, of the hosts that are not
		for r := range results {
			if r.Last {
				m.checks.Add(1)
				done[r.Check.Host]++
				if done[r.Check.Host] == r.Check.Of {
					delete(done, r.Check.Host)
					m.hosts.Add(1)
				}
			}
			if !yield(r) {
				return
			}
		}
	}
}

// pools is the pool that finds out what hosts are, and the one that checks them.
func (s *Survey) pools() (asking, checking *probe.Pool) {
	if several := s.hosts.pipe != nil || s.hosts.named.Load() > 1; several && s.plan.auto {
		a, c := divide(s.Pool)
		return quick(a), &c
	}
	return quick(*s.Pool), s.Pool
}

// quick is a pool that does not wait long.
func quick(p probe.Pool) *probe.Pool {
	p.Tries = 1
	p.Timeouts = probe.Timeouts{Resolve: p.Timeouts.Resolve, Connect: 2 * time.Second, Check: 5 * time.Second}
	p.Credentials = nil
	return &p
}

// divide gives a part of the connections to finding out what hosts are, twice over
// because the first questions and those after them are asked at the same time, and the
// rest to the checks, which are under way meanwhile.
func divide(p *probe.Pool) (asking, checking probe.Pool) {
	asking, checking = *p, *p
	if p.Limit == 0 {
		asking.Limit, checking.Limit = 64, 192
		return asking, checking
	}
	asking.Limit = max(1, p.Limit/8)
	both := 2 * asking.Limit
	if asking.Limit == 1 { // which takes turns
		both = 1
	}
	checking.Limit = max(1, p.Limit-both)
	return asking, checking
}
