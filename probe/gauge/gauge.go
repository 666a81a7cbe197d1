// SPDX-License-Identifier: Apache-2.0

// Package gauge shows what a run is doing while it goes on. The pool that runs keeps a
// Gauge up to date, and a watcher reads it as often as it likes. The package counts and
// measures; it estimates nothing (cmd/internal/survey does) and words nothing.
package gauge

import (
	"math/bits"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
)

// A Gauge is what a run is doing now. Any number of goroutines may use it. The zero value
// is ready to use; a nil Gauge, its Hosts and its Rows ignore everything.
type Gauge struct {
	mu       sync.Mutex // guards everything below, and all of Host and Row
	underway []*Host
	total    Counts
}

// Counts is what a run has done so far. Rows are rows of the report: a control check is
// none.
type Counts struct {
	Begun, Over int           // hosts
	Asked, Rows int           // rows of the hosts that were begun: by their plans, and over
	Further     int           // rows that no plan knew: for other addresses of a name, and behind endpoint mappers
	Lost        int           // ports that timed out, of an address at which nothing has answered one
	Took        Durations     // of the rows that are over
	RTT         time.Duration // of a path, on average as the rows were over; 0 if not known
}

// Durations counts rows by how long they were under way, without the waits for their turns.
type Durations [buckets]Bucket

// A Bucket holds the rows that took about equally long: each bucket takes twice the time
// of the one before it.
type Bucket struct {
	Rows int
	Took time.Duration // all of them together
}

const (
	buckets  = 16
	shortest = 100 * time.Millisecond // the first bucket is below that
)

// Add adds a row that took so long.
func (d *Durations) Add(took time.Duration) {
	b := &d[min(bits.Len64(uint64(max(0, took)/shortest)), buckets-1)]
	b.Rows++
	b.Took += took
}

// A Host is a host that is being asked.
type Host struct {
	gauge *Gauge
	name  string
	rows  []*Row
	lost  map[netip.AddrPort]bool // ports that timed out
	alive map[netip.Addr]bool     // addresses at which something has answered
}

// A Row is a check at one address that is under way.
type Row struct {
	host    *Host
	control bool
	network catalog.Network
	to      netip.AddrPort // its address is invalid until the name is resolved
	again   bool
	entered []*entry
	since   time.Time     // when it entered the first of these
	asking  time.Duration // that it has spent in such before that
}

// An entry is a state that a row is in, for as long as it lasts.
type entry struct {
	state State
	wait  func() Wait
}

// A Wait is what a row waits for.
type Wait struct {
	Left    time.Duration // how long at most, if nothing comes
	Overdue bool          // it should have come by now
	ForAll  bool          // what comes of it holds for all rows of the port
}

// A State is what a row waits for. A row that is in several is in the last of this list.
type State int

// The states.
const (
	Queued     State = iota // for its turn
	Resolving               // for the addresses of the host's name
	Connecting              // for something to answer at the port
	Talking                 // for what the service says
)

// Begin notes that a host is asked so many rows.
func (g *Gauge) Begin(host string, rows int) *Host {
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &Host{gauge: g, name: host, lost: map[netip.AddrPort]bool{}, alive: map[netip.Addr]bool{}}
	g.underway = append(g.underway, h)
	g.total.Begun++
	g.total.Asked += rows
	return h
}

// End notes that all rows of the host are over.
func (h *Host) End() {
	if h == nil {
		return
	}
	h.gauge.mu.Lock()
	defer h.gauge.mu.Unlock()
	h.gauge.underway = slices.DeleteFunc(h.gauge.underway, func(o *Host) bool { return o == h })
	h.gauge.total.Over++
}

// Begin notes that a check of the plan begins.
func (h *Host) Begin(c catalog.Check) *Row {
	if h == nil {
		return nil
	}
	h.gauge.mu.Lock()
	defer h.gauge.mu.Unlock()
	return h.begin(c)
}

// More notes that a row begins that was not known before: a further address of the name,
// or a check behind an endpoint mapper.
func (h *Host) More(c catalog.Check) *Row {
	if h == nil {
		return nil
	}
	h.gauge.mu.Lock()
	defer h.gauge.mu.Unlock()
	if !c.IsControl() {
		h.gauge.total.Further++
	}
	return h.begin(c)
}

func (h *Host) begin(c catalog.Check) *Row {
	r := &Row{host: h, control: c.IsControl(), network: c.Service.Network}
	r.to = netip.AddrPortFrom(netip.Addr{}, c.Service.Ports.First)
	h.rows = append(h.rows, r)
	return r
}

// To notes where the row is asked.
func (r *Row) To(to netip.AddrPort) {
	if r == nil {
		return
	}
	r.host.gauge.mu.Lock()
	defer r.host.gauge.mu.Unlock()
	r.to = to
}

// Again notes that the row is asked again, because its result is in doubt.
func (r *Row) Again() {
	if r == nil {
		return
	}
	r.host.gauge.mu.Lock()
	defer r.host.gauge.mu.Unlock()
	r.again = true
}

// Enter notes that the row is in a state until the caller calls leave. Read calls wait
// meanwhile.
func (r *Row) Enter(s State, wait func() Wait) (leave func()) {
	if r == nil {
		return func() {}
	}
	g, e := r.host.gauge, &entry{s, wait}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(r.entered) == 0 {
		r.since = time.Now()
	}
	r.entered = append(r.entered, e)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		r.entered = slices.DeleteFunc(r.entered, func(o *entry) bool { return o == e })
		if len(r.entered) == 0 {
			r.asking += time.Since(r.since)
		}
	}
}

// End notes that the row is over, whether its port timed out, and the round trip of its
// path; 0 if that is not known.
func (r *Row) End(timedOut bool, rtt time.Duration) {
	if r == nil {
		return
	}
	h, total := r.host, &r.host.gauge.total
	h.gauge.mu.Lock()
	defer h.gauge.mu.Unlock()
	h.rows = slices.DeleteFunc(h.rows, func(o *Row) bool { return o == r })
	before := h.countLost()
	if timedOut && !r.control {
		h.lost[r.to] = true
	} else if !timedOut {
		h.alive[r.to.Addr()] = true
	}
	total.Lost += h.countLost() - before
	if r.control {
		return
	}
	total.Rows++
	total.Took.Add(r.asking)
	switch {
	case total.RTT == 0:
		total.RTT = rtt
	case rtt > 0:
		total.RTT += (rtt - total.RTT) / 16
	}
}

func (h *Host) countLost() int { return CountLost(h.lost, h.alive) }

// CountLost counts ports that timed out. Where nothing has answered at an address, one of
// its ports stands for all.
func CountLost(lost map[netip.AddrPort]bool, alive map[netip.Addr]bool) int {
	n, dead := 0, map[netip.Addr]bool{}
	for to := range lost {
		if addr := to.Addr(); alive[addr] || !dead[addr] {
			dead[addr] = true
			n++
		}
	}
	return n
}
