// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"errors"
	"iter"
	"time"

	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report/judge"
)

// Run asks the hosts and yields each one, judged, when all is known about it. It begins a
// host when there is room for its checks. Once ctx has ended, it begins no more hosts;
// Unasked counts those.
func (s *Survey) Run(ctx context.Context) iter.Seq[judge.Host] {
	return func(yield func(judge.Host) bool) {
		ctx, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		pool := s.pool()
		if s.Began.IsZero() {
			s.Began = time.Now()
		}
		defer s.endAtDeadline(ctx, stop)()
		if s.Deadline > 0 {
			s.who.end = s.Began.Add(s.Deadline)
		}
		s.hosts.tellTo(s.tell)
		if err := socket.CanTrace(); s.Trace && err != nil {
			s.tell(Untraceable{err})
		}
		settled, unsettled := s.hosts.parts(ctx, s.who.anyUnsettled)
		found := s.who.targets(ctx, quick(pool), unsettled)
		over := s.showProgress()
		defer over()
		for h := range s.check(ctx, pool, s.plan.plans(settled, found)) {
			s.plan.describe(&h)
			if !yield(h) {
				stop(nil)
				return
			}
		}
	}
}

// endAtDeadline calls stop, which ends ctx, when the run's deadline comes. The caller calls
// over when the run is over: it tells whether the deadline was what ended it.
func (s *Survey) endAtDeadline(ctx context.Context, stop context.CancelCauseFunc) (over func()) {
	if s.Deadline <= 0 {
		return func() {}
	}
	timer := time.AfterFunc(time.Until(s.Began.Add(s.Deadline)), func() { stop(probe.ErrDeadline) })
	return func() {
		timer.Stop()
		if errors.Is(context.Cause(ctx), probe.ErrDeadline) {
			s.tell(DeadlineCame{s.Deadline})
		}
	}
}

// check asks the hosts what is planned, and judges each.
func (s *Survey) check(ctx context.Context, pool probe.Pool, plans iter.Seq[probe.HostPlan]) iter.Seq[judge.Host] {
	pool.Gauge = &s.meter.gauge
	found := pool.Run(ctx, plans)
	if s.Second != nil {
		found = s.Second(ctx, pool, found)
	}
	if s.Trace {
		found = s.noteUntraced(s.meter.follow(found, func(hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
			return probe.Traced(ctx, hops.Tracer{Source: pool.Source}, hosts)
		}))
	}
	return judge.Hosts(ctx, found, s.Began, s.who.identified)
}

// pool returns the pool that checks. The pool that identifies hosts (quick) shares its
// limits.
func (s *Survey) pool() probe.Pool {
	var p probe.Pool
	if s.Pool != nil {
		p = *s.Pool
	}
	if p.Shared == nil {
		p.Shared = &probe.Shared{}
	}
	return p
}

// quick returns the pool that finds out what hosts are. It does not wait long, and logs in
// nowhere. It shares the limits of p, which checks other hosts at the same time.
func quick(p probe.Pool) *probe.Pool {
	p.Tries = 1
	p.Timeouts = probe.Timeouts{Resolve: p.Timeouts.Resolve, Connect: 2 * time.Second, Check: 5 * time.Second}
	p.Credentials, p.Gauge = nil, nil
	return &p
}
