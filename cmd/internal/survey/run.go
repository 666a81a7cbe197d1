// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"iter"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report/judge"
)

// check asks the hosts what is planned, and judges each.
func (s *Survey) check(ctx context.Context, plans iter.Seq[probe.HostPlan]) iter.Seq[judge.Host] {
	pool := *s.Pool
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

// quick is a pool that finds out what hosts are and does not wait long. It shares its
// limits with the one that checks them meanwhile.
func quick(p probe.Pool) *probe.Pool {
	p.Tries = 1
	p.Timeouts = probe.Timeouts{Resolve: p.Timeouts.Resolve, Connect: 2 * time.Second, Check: 5 * time.Second}
	p.Credentials = nil
	return &p
}
