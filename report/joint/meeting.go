// SPDX-License-Identifier: Apache-2.0

package joint

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/probe/far"
	"exreach/report/content"
)

// compare is far.Compare for checks of one port at addresses of the family of this one. What arrived from the addresses that this
// machine has in the other family is of other checks.
func compare(checks []far.Near, record far.Record, m far.Meeting, address string) []far.Sight {
	to, err := netip.ParseAddr(address)
	if err != nil {
		return far.Compare(checks, record, m)
	}
	isOther := func(a netip.Addr) bool { return a.Unmap().Is4() != to.Unmap().Is4() }
	ours := m.Seen
	m.Seen = slices.DeleteFunc(slices.Clone(ours), isOther)
	record.Arrivals = slices.DeleteFunc(slices.Clone(record.Arrivals), func(a far.Arrival) bool {
		return isOther(a.From.Addr()) && slices.Contains(ours, a.From.Addr().Unmap())
	})
	return far.Compare(checks, record, m)
}

// byClock is how far the clocks of two machines are believed to differ where nothing tells.
const byClock = 30 * time.Second

// meeting is what the report and the record tell of each other for one host: from which
// addresses this end is seen, and by how much the clocks differ.
func (j *Joint) meeting(run content.Run, entries []content.Entry) (far.Meeting, error) {
	m := far.Meeting{Ours: j.ours, PortsKept: j.exact, Taken: j.taken}
	for _, e := range entries {
		if a, err := netip.ParseAddr(e.Source); err == nil && !slices.Contains(m.Seen, a.Unmap()) {
			m.Seen = append(m.Seen, a.Unmap())
		}
	}
	ahead := j.differences(entries)
	if len(ahead) > 0 {
		slices.Sort(ahead)
		m.Ahead = ahead[len(ahead)/2]
		m.Loose = max(m.Ahead-ahead[0], ahead[len(ahead)-1]-m.Ahead, time.Second)
		m.Loose = min(m.Loose, byClock)
		return m, nil
	}
	if run.Started.IsZero() {
		return m, errNoTime
	}
	m.Loose = byClock
	began, ended := j.record.Started, j.record.Now
	if end := run.Started.Add(time.Duration(min(max(run.Took, 0), 1e7) * float64(time.Second))); run.Started.After(ended) || end.Before(began) { // no source port shows that a clock is wrong
		return m, fmt.Errorf("the record is of another run: the listener ran from %s to %s, and the check of %s began at %s; join what belongs together, and if it does, set the clocks of both machines and check again",
			when(began), when(ended), entries[0].Host, when(run.Started))
	}
	return m, nil
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

// enough is how many connections tell by how much the clocks differ.
const enough = 64

// differences is by how much the far end's clock is ahead, by each connection that arrived
// from the port from which it went.
func (j *Joint) differences(entries []content.Entry) []time.Duration {
	var ahead []time.Duration
	for _, e := range entries {
		for _, c := range e.Calls[max(0, len(e.Calls)-manyCalls):] {
			local, err := netip.ParseAddrPort(c.Local)
			if err != nil || len(ahead) == enough {
				continue
			}
			from := netip.AddrPortFrom(local.Addr().Unmap().WithZone(""), local.Port())
			part := j.part(e)
			i := slices.IndexFunc(part.Arrivals, func(a far.Arrival) bool { return a.From == from })
			if i >= 0 {
				ahead = append(ahead, part.Arrivals[i].At.Sub(c.At))
			}
		}
	}
	return ahead
}
