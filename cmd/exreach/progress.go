// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"exreach/probe"
)

const (
	every  = 100 * time.Millisecond // how often the line is rewritten
	recent = 100                    // how many of those times the rate is taken from: ten seconds
)

// A meter counts what is done of a run.
type meter struct {
	hosts, checks atomic.Int64
	open          map[string]int // checks that are over, of the hosts that are not
}

// count takes one more result. A check counts once, however many addresses its
// host has and whatever is behind it.
func (m *meter) count(r probe.Result) {
	if !r.Last {
		return
	}
	m.checks.Add(1)
	m.open[r.Check.Host]++
	if m.open[r.Check.Host] == r.Check.Of {
		delete(m.open, r.Check.Host)
		m.hosts.Add(1)
	}
}

// watch passes results on and shows how much of the goal is reached.
func watch(results iter.Seq[probe.Result], line *statusLine, goal func() goal) iter.Seq[probe.Result] {
	return func(yield func(probe.Result) bool) {
		m := &meter{open: map[string]int{}}
		over, erased := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(erased)
			m.show(line, goal, over)
		}()
		defer func() {
			close(over)
			<-erased
		}()
		for r := range results {
			m.count(r)
			if !yield(r) {
				return
			}
		}
	}
}

// show rewrites the line until over is closed.
func (m *meter) show(line *statusLine, goal func() goal, over <-chan struct{}) {
	defer line.show("")
	began := time.Now()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var done []int // checks at each of the recent ticks
	for {
		done = append(done, int(m.checks.Load()))
		done = done[max(0, len(done)-recent-1):]
		line.show(goal().text(int(m.hosts.Load()), done, time.Since(began)))
		select {
		case <-over:
			return
		case <-tick.C:
		}
	}
}

// text is the line: what is done, how fast, and how long the rest will take at
// the rate of the last seconds. One host is done before that means anything.
func (g goal) text(hosts int, done []int, took time.Duration) string {
	now := done[len(done)-1]
	switch {
	case g.hosts == 1 && g.checks == 0:
		return fmt.Sprintf("finding out the version, %.1f s", took.Seconds())
	case g.hosts == 1:
		return fmt.Sprintf("%d/%d checks, %.1f s", now, g.checks, took.Seconds())
	}
	about := ""
	if g.about {
		about = "~"
	}
	rate := float64(now-done[0]) / (time.Duration(max(1, len(done)-1)) * every).Seconds()
	return fmt.Sprintf("%s hosts, %s checks, %.0f/s, %s left", part(hosts, "", g.hosts), part(now, about, g.checks), rate, g.left(now, rate, len(done)))
}

// part is "7/9", or "7" where nobody knows of how many.
func part(n int, about string, all int) string {
	if all == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d/%s%d", n, about, all)
}

// left is the time that the rest will take; "?" where it is not known how much
// that is, or how fast it goes.
func (g goal) left(now int, rate float64, ticks int) string {
	const enough = 20 // ticks that a rate can be told from
	if g.checks == 0 || rate == 0 || ticks < enough {
		return "?"
	}
	rest := time.Duration(float64(max(0, g.checks-now)) / rate * float64(time.Second))
	switch {
	case rest < 100*time.Second:
		return fmt.Sprintf("%.0f s", rest.Seconds())
	case rest < 100*time.Minute:
		return fmt.Sprintf("%.0f min", rest.Minutes())
	}
	return fmt.Sprintf("%.0f h", rest.Hours())
}
