// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	recent = 10 * time.Second // the window over which the rate is measured
	enough = 2 * time.Second  // how long that must be for an estimate of the time left
)

// A meter counts what a run has done so far. Run adds to it; watch reads it.
type meter struct{ hosts, checks atomic.Int64 }

// goal returns how much the run has to do, as far as that is known, and nothing of what is
// done. watch calls it while the run goes on.
func (s *Survey) goal() Progress {
	g := Progress{AllChecks: s.plan.total}
	if s.hosts.whole.Load() {
		g.AllHosts = int(s.hosts.named.Load())
	}
	begun, asked := int(s.plan.begun.Load()), int(s.plan.asked.Load())
	if g.AllChecks == 0 && begun > 0 {
		g.AllChecks = asked * g.AllHosts / begun
		g.About = begun < g.AllHosts
	}
	return g
}

// showProgress tells how far the run is every s.Every until over is called, and once more then.
func (s *Survey) showProgress() (over func()) {
	if s.Every <= 0 {
		return func() {}
	}
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { s.meter.watch(s.Every, s.goal, ended, s.tell) })
	return func() {
		close(ended)
		watching.Wait()
	}
}

// watch tells how much of the goal is reached, the last time when ended is closed.
func (m *meter) watch(every time.Duration, goal func() Progress, ended <-chan struct{}, tell func(Event)) {
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var done []int // checks at each of the recent ticks
	for over := false; ; {
		done = append(done, int(m.checks.Load()))
		done = done[max(0, len(done)-int(recent/every)-1):]
		p := goal()
		p.Hosts, p.Took, p.Over = int(m.hosts.Load()), time.Since(began), over
		p.measure(done, every)
		if tell(p); over {
			return
		}
		select {
		case <-ended:
			over = true
		case <-tick.C:
		}
	}
}

// measure computes the rate from the counts of checks at the last ticks, and from it the
// time left.
func (p *Progress) measure(done []int, every time.Duration) {
	p.Checks = done[len(done)-1]
	p.Rate = float64(p.Checks-done[0]) / (time.Duration(max(1, len(done)-1)) * every).Seconds()
	p.Left = -1
	if p.AllChecks > 0 && p.Rate > 0 && time.Duration(len(done))*every >= enough {
		p.Left = time.Duration(float64(max(0, p.AllChecks-p.Checks)) / p.Rate * float64(time.Second))
	}
}
