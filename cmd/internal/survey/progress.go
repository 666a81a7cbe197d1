// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"iter"
	"net/netip"
	"sync"
	"time"

	"exreach/probe"
	"exreach/probe/gauge"
	"exreach/probe/socket"
)

// A meter knows what a run is doing. The pool and the traces keep it up to date.
type meter struct {
	gauge gauge.Gauge

	mu      sync.Mutex // guards the fields below
	traces  traces
	running map[int]int // ports of the hosts that are being traced, by the host's place
	since   time.Time   // when the first of those began
}

// follow passes on the hosts that tracing passes on, and measures how far their traces are.
func (m *meter) follow(hosts iter.Seq[probe.HostResults], tracing func(iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
	m.mu.Lock()
	m.traces.wanted, m.running = socket.CanTrace() == nil, map[int]int{}
	m.mu.Unlock()
	return noting(tracing(noting(hosts, m.beginTrace)), m.endTrace)
}

// noting passes hosts on, and calls note for each before.
func noting(hosts iter.Seq[probe.HostResults], note func(probe.HostResults)) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		for h := range hosts {
			if note(h); !yield(h) {
				return
			}
		}
	}
}

func (m *meter) beginTrace(h probe.HostResults) {
	ports := lostPorts(h)
	if ports == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.running) == 0 {
		m.since = time.Now()
	}
	m.running[h.Place] = ports
	m.traces.running += ports
}

func (m *meter) endTrace(h probe.HostResults) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ports, ok := m.running[h.Place]
	if !ok {
		return
	}
	delete(m.running, h.Place)
	m.traces.running -= ports
	m.traces.done += ports
	if len(m.running) == 0 {
		m.traces.spent += time.Since(m.since)
	}
}

// tracing returns how far the traces are.
func (m *meter) tracing() traces {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.traces
	if t.running > 0 {
		t.spent += time.Since(m.since)
	}
	return t
}

// lostPorts counts the ports of a host that timed out, one of an address at which nothing
// answered.
func lostPorts(h probe.HostResults) int {
	lost, alive := map[netip.AddrPort]bool{}, map[netip.Addr]bool{}
	for _, r := range h.Results {
		if r.Verdict != probe.TimedOut {
			alive[r.Address] = true
		} else if !r.Check.IsControl() {
			lost[netip.AddrPortFrom(r.Address, r.Port)] = true
		}
	}
	return gauge.CountLost(lost, alive)
}

// showProgress tells how far the run is every s.Every until over is called, and once more
// then.
func (s *Survey) showProgress() (over func()) {
	if s.Every <= 0 {
		return func() {}
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { s.watch(ended) })
	return func() {
		close(ended)
		watching.Wait()
	}
}

// watch tells how far the run is, the last time when ended is closed.
func (s *Survey) watch(ended <-chan struct{}) {
	began, v := time.Now(), view{bounds: s.bounds()}
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for over := false; ; {
		p := v.look(s.goal(), s.meter.gauge.Read(), s.meter.tracing(), time.Since(began))
		p.Over = over
		if s.tell(p); over {
			return
		}
		select {
		case <-ended:
			over = true
		case <-tick.C:
		}
	}
}

// bounds returns what bounds the run, of what the user has chosen.
func (s *Survey) bounds() bounds {
	b := bounds{perHost: probe.UsualPerHost, deadline: s.Deadline}
	if s.Pool != nil && s.Pool.Shared != nil {
		shared := s.Pool.Shared
		b.perHost, b.gentle, b.paced = cmp.Or(shared.PerHost, b.perHost), shared.Gentle, shared.Gentle || shared.Rate > 0
	}
	return b
}

// goal returns how much the run has to do, as far as that is known, and nothing of what is
// done.
func (s *Survey) goal() Progress {
	g := Progress{AllChecks: s.plan.total, ToKnow: s.plan.unsettled, Known: int(s.who.known.Load())}
	if s.hosts.whole.Load() {
		g.AllHosts = int(s.hosts.named.Load())
	}
	if s.hosts.pipe != nil && g.ToKnow > 0 {
		g.ToKnow = g.AllHosts
	}
	begun, asked := int(s.plan.begun.Load()), int(s.plan.asked.Load())
	if g.AllChecks == 0 && begun > 0 {
		g.AllChecks = asked * g.AllHosts / begun
		g.About = begun < g.AllHosts
	}
	return g
}
