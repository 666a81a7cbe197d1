// SPDX-License-Identifier: Apache-2.0

package gauge

import (
	"net/netip"
	"time"

	"exreach/catalog"
)

// A Reading is what a Gauge shows at one moment.
type Reading struct {
	Counts
	Underway []HostReading // the hosts that are being asked
}

// A HostReading is a host that is being asked.
type HostReading struct {
	Name string
	Lost int          // as in Counts
	Rows []RowReading // those under way
}

// A RowReading is a row that is under way.
type RowReading struct {
	Control bool // it is no row of the report
	Network catalog.Network
	To      netip.AddrPort // its address is invalid until the name is resolved
	State   State
	Age     time.Duration // since it began, without the waits for its turns
	Wait                  // zero if it is Queued
	Again   bool          // it is asked again, because its result is in doubt
}

// Read returns what the run is doing now.
func (g *Gauge) Read() Reading {
	g.mu.Lock()
	defer g.mu.Unlock()
	reading := Reading{Counts: g.total}
	for _, h := range g.underway {
		host := HostReading{Name: h.name, Lost: h.countLost()}
		for _, r := range h.rows {
			host.Rows = append(host.Rows, r.read())
		}
		reading.Underway = append(reading.Underway, host)
	}
	return reading
}

// read returns the row in the last of its states; of two that are equal, in the first
// that it entered.
func (r *Row) read() RowReading {
	reading := RowReading{Control: r.control, Network: r.network, To: r.to, Age: r.asking, Again: r.again}
	var last *entry
	for _, e := range r.entered {
		if last == nil || e.state > last.state {
			last = e
		}
	}
	if last != nil {
		reading.State, reading.Age = last.state, r.asking+time.Since(r.since)
		reading.Wait = last.wait()
		reading.Left = max(0, reading.Left)
	}
	return reading
}

// IsSilent reports whether the port has accepted a connection and says nothing.
func (r RowReading) IsSilent() bool {
	return r.Overdue && r.State == Talking && r.Network == catalog.TCP
}

// IsLost reports whether nothing answers at the port.
func (r RowReading) IsLost() bool {
	return r.Overdue && (r.State == Connecting || r.State == Talking && r.Network == catalog.UDP)
}
