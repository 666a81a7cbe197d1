// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"net/netip"
	"slices"
	"time"

	"exreach/probe/gauge"
)

// A work is the state of a run at one moment, from which left estimates how long the rest
// will take. The estimate depends on nothing else.
type work struct {
	gauge.Reading
	bounds
	took    time.Duration // since the first check began
	unbegun int           // rows of hosts that have not begun
	hosts   int           // those hosts
	most    int           // rows that were asked at once in the last seconds, at most
	traces  traces
}

// bounds is what bounds a run, by the choice of the user.
type bounds struct {
	perHost  int           // rows of a host that are asked at once, at most
	gentle   bool          // one row of a host after the other, with a pace
	paced    bool          // connects wait for a pace, even those of a last look
	deadline time.Duration // of the whole run; 0 is none
}

// traces is how far the traces of a run are.
type traces struct {
	wanted  bool          // timed-out ports are traced
	running int           // ports of the hosts that are being traced
	done    int           // ports
	spent   time.Duration // while hosts were being traced
}

const (
	usualRow   = 500 * time.Millisecond // a check, before any is over
	usualTrace = 5 * time.Second        // of a port: five hops that say nothing, and what is before them (probe/hops)
	gentlePace = time.Second            // between two rows of a host, in a gentle run
	lookAgain  = 100 * time.Millisecond // at a port whose result is in doubt, beside the round trip
	fewTraces  = 8                      // say little about the rate of all
	routerAsks = 3                      // traces that ask the same router at once
)

// left returns how long the rest of the run will take. Unlike a rate of finished checks, it
// accounts for ports that say nothing and take their full time.
func (w work) left() time.Duration {
	q := w.queue()
	last := w.endOfQueue(q) // when the last check will be over
	// When the first and the last host with a port to trace will be over.
	first, done := last, time.Duration(-1)
	lost, ready := w.Lost, w.Lost-w.traces.done
	for _, h := range w.Underway {
		end := w.endOf(h, q)
		last = max(last, end)
		losing := losing(h)
		ready -= h.Lost
		if lost += losing; h.Lost+losing > 0 {
			first, done = min(first, end), max(done, end)
		}
	}
	if ready > 0 {
		first = 0
	}
	if w.unbegun > 0 {
		lost += lost * w.hosts / max(1, w.Begun)
		done = max(done, last)
	}
	if w.traces.wanted {
		last = max(last, w.traced(lost, first, done))
	}
	return last
}

// A queue is the rows of a run that have not had their turn, and what is known of the
// others.
type queue struct {
	waiting int             // rows that will have their turn when there is room in the run, and those of hosts that have not begun
	asked   int             // rows that are asked at once
	known   gauge.Durations // what rows take that are over, or that wait for something that does not come
}

func (w work) queue() queue {
	q := queue{waiting: w.unbegun, known: w.Took}
	for _, h := range w.Underway {
		for _, r := range h.Rows {
			switch {
			case r.Control:
			case r.State == gauge.Queued:
				if _, blocked := behindPort(h, r); !blocked && !r.Again {
					q.waiting++
				}
			default:
				if q.asked++; r.Overdue {
					q.known.Add(r.Age + r.Left)
				}
			}
		}
	}
	q.asked = max(q.asked, w.most)
	return q
}

// each returns how long a row takes on average.
func (q queue) each() time.Duration {
	rows, took := q.total()
	if rows == 0 {
		return usualRow
	}
	return took / time.Duration(rows)
}

func (q queue) total() (rows int, took time.Duration) {
	for _, b := range q.known {
		rows += b.Rows
		took += b.Took
	}
	return rows, took
}

// end returns when all in the queue will have had their turn and be over. They leave it as
// fast as the rows that are asked make room (Little's law). The last one takes as long as
// the slowest of so many.
func (q queue) end() time.Duration {
	if q.waiting == 0 {
		return 0
	}
	return q.each()*time.Duration(q.waiting)/time.Duration(max(1, q.asked)) + q.slowest()
}

// endOfQueue is q.end. Where connects wait for a pace, most of them are further tries at
// ports that do not answer, and only the rows that are over tell how fast the run is.
func (w work) endOfQueue(q queue) time.Duration {
	if q.waiting == 0 || !w.paced || w.gentle || w.Rows == 0 {
		return q.end()
	}
	return w.took * time.Duration(w.unbegun+underway(w.Reading)) / time.Duration(w.Rows)
}

// slowest returns how long the slowest of the rows in the queue will take.
func (q queue) slowest() time.Duration {
	rows, _ := q.total()
	slower := float64(rows) / float64(q.waiting)
	for _, b := range slices.Backward(q.known[:]) {
		if slower -= float64(b.Rows); b.Rows > 0 && slower <= 0 {
			return max(q.each(), b.Took/time.Duration(b.Rows))
		}
	}
	return q.each()
}

// losing counts the ports of a host that will most likely have timed out.
func losing(h gauge.HostReading) int {
	ports := map[netip.AddrPort]bool{}
	for _, r := range h.Rows {
		if r.IsLost() && !r.Control {
			ports[r.To] = true
		}
	}
	return len(ports)
}

// endOf returns when a host will be done, but for its rows in the queue of the run.
func (w work) endOf(h gauge.HostReading, q queue) (end time.Duration) {
	asked, queued, again := 0, 0, 0
	for _, r := range h.Rows {
		switch {
		case r.State > gauge.Queued:
			asked++
			end = max(end, q.endOfRow(r))
		case r.Again && !r.Control:
			again++
		case !r.Control:
			behind, blocked := behindPort(h, r)
			if end = max(end, behind); !blocked {
				queued++
			}
		}
	}
	end += time.Duration(again) * (w.RTT + lookAgain) // while the host is quiet, one after the other
	switch {
	case w.gentle:
		end = max(end, time.Duration(queued)*max(q.each(), gentlePace))
	case asked >= w.perHost:
		end = max(end, time.Duration(queued)*q.each()/time.Duration(asked))
	}
	return end
}

// endOfRow returns when a row will be over that waits for no turn.
func (q queue) endOfRow(r gauge.RowReading) time.Duration {
	if r.Overdue {
		return r.Left
	}
	return min(r.Left, max(q.each()-r.Age, q.each()/4))
}

// behindPort returns when a row will be over that waits for its turn at a port where other
// rows wait in vain; blocked reports whether it does. If what those rows find holds for all
// rows of the port, it ends with them. If not, the waiting rows take as long, in turns.
func behindPort(h gauge.HostReading, r gauge.RowReading) (end time.Duration, blocked bool) {
	ahead, queued, each := 0, 0, time.Duration(0)
	for _, other := range h.Rows {
		switch {
		case other.To != r.To || other.Network != r.Network:
		case other.State == gauge.Queued:
			queued++
		case other.Overdue:
			ahead++
			if end = max(end, other.Left); !other.ForAll {
				each = max(each, other.Age+other.Left)
			}
		}
	}
	if ahead == 0 {
		return 0, false
	}
	turns := (queued + ahead - 1) / ahead
	return end + time.Duration(turns)*each, true
}

// traced returns when the last of all traces will be over. Ports that are not traced yet
// have to wait for their hosts, whose checks end between first and last. The first trace
// takes longest. The others ask only the routers that it found, one at a time.
func (w work) traced(ports int, first, last time.Duration) time.Duration {
	t := w.traces
	if ports <= t.done {
		return 0
	}
	each := time.Second + 5*w.RTT // of a port whose path is known
	whole := usualTrace + each + w.RTT*time.Duration(ports)/routerAsks
	left := first + whole
	if t.done > 0 {
		done := float64(t.done)
		share := done / float64(ports)
		guess := max((whole - t.spent).Seconds(), (1-share)*whole.Seconds())
		byRate := t.spent.Seconds() * (1 - share) / share
		trust := max(share, min(1, t.spent.Seconds()/whole.Seconds()/2)*done/(done+fewTraces)) // in the rate
		left = time.Duration(((1-trust)*guess + trust*byRate) * float64(time.Second))
	} else {
		left = max(left-t.spent, each)
		each = usualTrace
	}
	if last >= 0 {
		left = max(left, last+each)
	}
	return left
}
