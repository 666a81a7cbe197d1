// SPDX-License-Identifier: Apache-2.0

package joint

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"exreach/probe"
	"exreach/probe/far"
	"exreach/report/content"
)

// Look learns of some entries of one host of the report, before any are joined: whether the
// host is the listener's, and which source ports are the report's.
func (j *Joint) Look(_ content.Run, entries []content.Entry) error {
	if j == nil || len(entries) == 0 {
		return nil
	}
	exact := false
	for _, e := range entries {
		for _, c := range e.Calls {
			if local, err := netip.ParseAddrPort(c.Local); err == nil {
				j.ours[local.Port()] = true
				exact = exact || j.arrived(e, local)
			}
		}
	}
	host := entries[0].Host
	if j.Hosts != nil && !j.Hosts(host) || !slices.ContainsFunc(entries, func(e content.Entry) bool { return j.isAt(e.Address) }) {
		return nil
	}
	j.exact = j.exact || exact
	switch {
	case exact || j.isNamed(host) || j.hasAddresses():
		j.sure[host] = true
	case j.mayBe(entries):
		j.maybe[host] = true
	}
	return nil
}

// arrived reports whether the record has an arrival from exactly this source at the port of
// an entry.
func (j *Joint) arrived(e content.Entry, local netip.AddrPort) bool {
	from := netip.AddrPortFrom(local.Addr().Unmap().WithZone(""), local.Port())
	return slices.ContainsFunc(j.part(e).Arrivals, func(a far.Arrival) bool { return a.From == from })
}

// isNamed reports whether a host has the name under which the listener answers, or that of its
// machine.
func (j *Joint) isNamed(host string) bool {
	return strings.EqualFold(host, j.record.Host) || j.record.Machine != "" && strings.EqualFold(host, j.record.Machine)
}

// hasAddresses reports whether the listener has addresses of its own, which say whose it is.
func (j *Joint) hasAddresses() bool {
	return slices.ContainsFunc(j.record.Openings, func(o far.Opening) bool { return o.Address.IsValid() && !o.Address.IsUnspecified() })
}

// mayBe reports whether a host may be the listener's: its answers bear the mark of a stand-in,
// or nothing answered, and it was checked in a role that the listener plays.
func (j *Joint) mayBe(entries []content.Entry) bool {
	if slices.ContainsFunc(entries, func(e content.Entry) bool { return e.Peer != nil && e.Peer.StandIn }) {
		return true
	}
	answered := slices.ContainsFunc(entries, func(e content.Entry) bool { return e.Verdict == probe.Answered })
	return !answered && entries[0].Version == j.record.Version && slices.Contains(j.record.Roles, entries[0].Role)
}

// isMeant reports whether a host is the listener's: something says so, or it is the only one
// of the report that can be.
func (j *Joint) isMeant(host string) bool {
	return j.sure[host] || len(j.sure) == 0 && len(j.maybe) == 1 && j.maybe[host]
}

// End returns an error if the record is about no host of the report.
func (j *Joint) End() error {
	switch {
	case j == nil || j.joined:
		return nil
	case len(j.sure) == 0 && len(j.maybe) > 1:
		return fmt.Errorf("%s: the record may be about any of %d hosts of the report, and nothing says about which: name the one at which exreach listen ran with --host", j.name, len(j.maybe))
	}
	return fmt.Errorf("%s: the record is about no host of the report: the listener answers as %q, as Exchange %s %s; join it with the report of the check of that host, or name the host with --host", j.name, j.record.Host, j.record.Version, strings.Join(j.record.Roles, ", "))
}
