// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"time"

	"exreach/probe/gauge"
)

const (
	enough     = 2 * time.Second        // for which checks must have gone on for an estimate of the time left
	forgets    = 10 * time.Second       // after which it hardly matters how many rows were asked at once
	afterwards = 500 * time.Millisecond // for which a run goes on after the last wait: it looks at the port that nothing uses
)

// A view is what a watcher remembers from one look at the run to the next.
type view struct {
	bounds
	most     float64 // rows that were asked at once in the last seconds, at most
	forecast forecast
	last     time.Duration // when it looked, since the run began
	first    time.Duration // when the first check began; 0 if none has
}

// look returns how far a run is that has gone on for so long. goal is how much it has to do.
func (v *view) look(goal Progress, now gauge.Reading, t traces, took time.Duration) Progress {
	p := goal
	if p.AllChecks > 0 {
		p.AllChecks += now.Further
	}
	p.Took, p.Hosts, p.Checks = took, now.Over, now.Rows
	if t.wanted {
		p.Traced, p.ToTrace = t.done, now.Lost
	}
	w := work{Reading: now, bounds: v.bounds, traces: t}
	v.most = max(float64(w.queue().asked), v.most*(1-(took-v.last).Seconds()/forgets.Seconds()))
	w.most = int(v.most)
	w.unbegun = max(0, p.AllChecks-now.Rows-underway(now))
	w.hosts = max(0, p.AllHosts-now.Begun)
	if v.first == 0 && now.Begun > 0 {
		v.first = took
	}
	w.took = took - v.first
	p.Waits = waitsOf(now)
	p.Phase = w.phase(p)
	p.Left = -1
	if v.isKnown(p, w) {
		p.Left, p.AtMost = v.left(p, w)
	}
	v.last = took
	return p
}

// isKnown reports whether enough is known of a run to say how long the rest will take.
// What was said once is said to the end.
func (v *view) isKnown(p Progress, w work) bool {
	switch {
	case v.forecast.shown > 0:
		return true
	case v.first == 0 || p.AllChecks == 0:
		return false
	}
	return w.took >= enough && w.Rows > 0 || p.Phase != Checking && p.Phase != FindingVersions
}

// left returns how long to say that the rest will take, and whether that is the most.
func (v *view) left(p Progress, w work) (left time.Duration, atMost bool) {
	exact := w.left()
	sure := p.Phase == Waiting && p.Waits.Unanswered == 0 && p.Traced == p.ToTrace && !v.paced
	if sure {
		exact += afterwards
	}
	if v.deadline > 0 {
		exact = min(exact, max(0, v.deadline-p.Took))
	}
	left = v.forecast.follow(exact, p.Took-v.last, sure)
	return left, sure && left >= exact
}

// phase returns what the run is mainly doing.
func (w work) phase(p Progress) Phase {
	rows := underway(w.Reading)
	waits := p.Waits
	switch {
	case p.Known < p.ToKnow && p.ToKnow-p.Known > w.Begun, w.Begun == 0 && p.ToKnow > 0:
		return FindingVersions
	case w.unbegun > 0 || rows > w.waiting():
		return Checking
	case waits.Silent+waits.Unanswered > 0:
		return Waiting
	case waits.Again > 0 || len(w.Underway) > 0:
		return LookingAgain
	case p.Traced < p.ToTrace:
		return Tracing
	}
	return Checking
}

// underway counts the rows of the report that are under way.
func underway(now gauge.Reading) int {
	rows := 0
	for _, h := range now.Underway {
		for _, r := range h.Rows {
			if !r.Control {
				rows++
			}
		}
	}
	return rows
}

// waiting counts the rows of the report that wait for something that does not come, are
// behind such a row, or are asked again.
func (w work) waiting() int {
	rows := 0
	for _, h := range w.Underway {
		for _, r := range h.Rows {
			_, blocked := behindPort(h, r)
			if !r.Control && (r.Overdue || r.Again || r.State == gauge.Queued && blocked) {
				rows++
			}
		}
	}
	return rows
}

// firstWaits is how many ports a Waits names.
const firstWaits = 3

// waitsOf lists the ports that the run waits for, each once, however many checks it has.
func waitsOf(now gauge.Reading) Waits {
	var w Waits
	for _, h := range now.Underway {
		seen := map[string]bool{}
		for _, r := range h.Rows {
			port := fmt.Sprintf("%d/%s", r.To.Port(), r.Network)
			key := r.To.Addr().String() + " " + port
			silent, lost := r.IsSilent(), r.IsLost()
			if r.Control || seen[key] || !silent && !lost && !r.Again {
				continue
			}
			seen[key] = true
			switch {
			case r.Again:
				w.Again++
				continue
			case silent:
				w.Silent++
			default:
				w.Unanswered++
			}
			if len(w.First) < firstWaits {
				w.First = append(w.First, WaitingFor{Host: h.Name, Port: port, Silent: silent})
			}
		}
	}
	return w
}
