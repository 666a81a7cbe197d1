// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"sync/atomic"
	"time"
)

const (
	recent = 10 * time.Second // what the rate is taken from
	enough = 20               // ticks that a rate can be told from
)

// A meter counts what is done of a run.
type meter struct{ hosts, checks atomic.Int64 }

// A goal is how much a run has to do, as far as that is known.
type goal struct {
	hosts  int  // 0 where more may come
	checks int  // 0 where nothing tells it
	about  bool // checks is reckoned from the hosts that were begun
}

// goal may be asked at any time.
func (s *Survey) goal() goal {
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

// showProgress tells how far the run is, again and again until it is told that the run
// is over.
func (s *Survey) showProgress() (over func()) {
	if s.Every <= 0 {
		return func() {}
	}
	ended, told := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(told)
		s.meter.watch(s.Every, s.goal, ended, s.tell)
	}()
	return func() {
		close(ended)
		<-told
	}
}

// watch tells how much of the goal is reached until ended is closed.
func (m *meter) watch(every time.Duration, goal func() goal, ended <-chan struct{}, tell func(Event)) {
	defer tell(Progress{Over: true})
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var done []int // checks at each of the recent ticks
	for {
		done = append(done, int(m.checks.Load()))
		done = done[max(0, len(done)-int(recent/every)-1):]
		p := goal().reached(done, every)
		p.Hosts, p.Took = int(m.hosts.Load()), time.Since(began)
		tell(p)
		select {
		case <-ended:
			return
		case <-tick.C:
		}
	}
}

// reached is how much of the goal is done, how fast that goes, and how long the rest will
// take at the rate of the last seconds.
func (g goal) reached(done []int, every time.Duration) Progress {
	now := done[len(done)-1]
	rate := float64(now-done[0]) / (time.Duration(max(1, len(done)-1)) * every).Seconds()
	return Progress{
		AllHosts:  g.hosts,
		Checks:    now,
		AllChecks: g.checks,
		About:     g.about,
		Rate:      rate,
		Left:      g.left(now, rate, len(done)),
	}
}

// left is the time that the rest will take; negative where it is not known how much that
// is, or how fast it goes.
func (g goal) left(now int, rate float64, ticks int) time.Duration {
	if g.checks == 0 || rate == 0 || ticks < enough {
		return -1
	}
	return time.Duration(float64(max(0, g.checks-now)) / rate * float64(time.Second))
}
