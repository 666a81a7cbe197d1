// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"context"
	"iter"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report/judge"
)

// Run asks everything, host by host, and yields each host when all is known about it. A
// host is begun when there is room for its checks; what is not begun when ctx ends is not
// asked.
func (s *Survey) Run(ctx context.Context) iter.Seq[judge.Host] {
	return func(yield func(judge.Host) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		pool := s.pool()
		if s.Began.IsZero() {
			s.Began = time.Now()
		}
		s.hosts.tellTo(s.tell)
		if err := socket.CanTrace(); s.Trace && err != nil {
			s.tell(Untraceable{err})
		}
		known, open := s.hosts.parts(ctx, s.who.isOpen)
		found := s.who.targets(ctx, quick(pool), open)
		over := s.showProgress()
		defer over()
		for h := range s.check(ctx, pool, s.plan.plans(ctx, chained(known, found))) {
			if !yield(h) {
				stop()
				return
			}
		}
	}
}

// plans is what each target is asked. When ctx ends the host that has been begun is the
// last, so that what is known of it has all its rows.
func (p *planner) plans(ctx context.Context, targets iter.Seq[target]) iter.Seq[probe.HostPlan] {
	return func(yield func(probe.HostPlan) bool) {
		defer p.tellBare()
		for t := range targets {
			if ctx.Err() != nil {
				return
			}
			p.begun.Add(1)
			plan, err := p.plan(t)
			if err != nil {
				p.bad++
				p.err = cmp.Or(p.err, err)
				continue
			}
			p.tellDefaults(plan[0])
			p.tellThin(plan)
			p.tellUntold(plan)
			p.tellUntestable(plan)
			plan = p.narrow(plan)
			if len(plan) == 0 {
				p.bare++
			}
			p.asked.Add(int64(len(plan)))
			if len(plan) > 0 && !yield(probe.HostPlan{Host: t.name(), Place: t.place, Checks: plan}) {
				return
			}
		}
	}
}

// plan is every check of one host.
func (p *planner) plan(t target) ([]catalog.Check, error) {
	return p.cat.Plan(catalog.Topology{Hosts: p.taker().settle(t).roles}, p.from)
}

// narrow leaves what the user wants to see of the plan of one host, and adds its
// control. Who names ports wants no other.
func (p *planner) narrow(plan []catalog.Check) []catalog.Check {
	plan = p.filter.apply(plan)
	if len(p.filter.only) > 0 {
		return plan
	}
	return catalog.WithControls(plan)
}

// check asks the hosts what is planned, and judges each.
func (s *Survey) check(ctx context.Context, pool probe.Pool, plans iter.Seq[probe.HostPlan]) iter.Seq[judge.Host] {
	pool.Checked = func(catalog.Check) { s.meter.checks.Add(1) }
	found := pool.Run(ctx, plans)
	if s.Trace && socket.CanTrace() == nil {
		found = probe.Traced(ctx, hops.Tracer{Source: pool.Source}, found)
	}
	return judge.Hosts(ctx, s.meter.counting(found), s.Began, s.who.identified)
}

// counting passes hosts on and counts them.
func (m *meter) counting(hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		for h := range hosts {
			m.hosts.Add(1)
			if !yield(h) {
				return
			}
		}
	}
}

// pool is the one that checks. What it shares, the one that finds out what hosts are
// shares too.
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

// quick is a pool that finds out what hosts are and does not wait long. It shares its
// limits with the one that checks them meanwhile.
func quick(p probe.Pool) *probe.Pool {
	p.Tries = 1
	p.Timeouts = probe.Timeouts{Resolve: p.Timeouts.Resolve, Connect: 2 * time.Second, Check: 5 * time.Second}
	p.Credentials = nil
	return &p
}

func chained(all ...iter.Seq[target]) iter.Seq[target] {
	return func(yield func(target) bool) {
		for _, targets := range all {
			for t := range targets {
				if !yield(t) {
					return
				}
			}
		}
	}
}
