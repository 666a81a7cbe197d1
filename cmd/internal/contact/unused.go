// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"slices"

	"exreach/catalog"
	"exreach/probe"
)

// An idle is what is known of codes that are for any host: such a code is for a host that is
// the only one.
type idle struct {
	hosts int // of the run
	at    *Listener
}

// see tells of a code for a host that has no stand-in, though ports there connected. What
// concerns codes for any host is told at the end.
func (s *Stage) see(h probe.HostResults, alone *idle) {
	at := slices.IndexFunc(h.Results, func(r probe.Result) bool {
		return r.Address.IsValid() && r.Check.Service.Network == catalog.TCP && !r.Check.IsControl() && r.Connected()
	})
	if at < 0 {
		return
	}
	l := Listener{Host: h.Host, Address: h.Results[at].Address}
	if s.Codes.has(func(k known) bool { return k.host == hostKey(l.Host) || k.host == hostKey(l.Address.String()) }) {
		s.tell(Unused{l})
		return
	}
	alone.at = &l
}

// tellAlone tells of a code for any host, if there was one host only.
func (s *Stage) tellAlone(alone idle) {
	if alone.hosts == 1 && alone.at != nil && s.Codes.has(func(k known) bool { return k.host == "" }) {
		s.tell(Unused{*alone.at})
	}
}

func (c Codes) has(fits func(known) bool) bool { return slices.ContainsFunc(c.known, fits) }
