// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"cmp"

	"exreach/catalog"
)

// begins is where RPC services usually begin within the range of a version: those of
// Exchange 2010 and later were seen from 6400 up, and those of Windows 10 and later begin at
// 49664. In other ranges they begin with the second port.
var begins = map[uint16]uint16{6005: 6405, 49152: 49664}

// giveDynamic gives each RPC interface without a static port one of the range that its role
// has in the catalogue. The ports are the same whenever a listener with these roles starts:
// who opens a firewall for it by hand needs that. They are none of other services.
func (p *Plan) giveDynamic() {
	taken := map[uint16]bool{}
	for _, s := range p.Version.Services {
		if s.RPC == nil && s.Ports.Single() {
			taken[s.Ports.First] = true
		}
	}
	for _, port := range p.Static {
		taken[port] = true
	}
	for _, s := range p.Services {
		if s.RPC == nil || p.Static[s.Name] != 0 {
			continue
		}
		ports := p.rangeOf(s.Role)
		port := cmp.Or(begins[ports.First], ports.First+1)
		for taken[port] && port < ports.Last {
			port++
		}
		taken[port] = true
		p.Static[s.Name] = port
	}
}

// rangeOf is the range of the dynamic RPC ports of a role: of its row for them, or else that
// of any role of the version, or else that of Windows.
func (p *Plan) rangeOf(role string) catalog.Ports {
	found := catalog.Ports{First: 49152, Last: 65535}
	for _, s := range p.Version.Services {
		isRange := s.Protocol == "rpc" && s.Ports.First != 0 && !s.Ports.Single()
		switch {
		case isRange && s.Role == role:
			return s.Ports
		case isRange:
			found = s.Ports
		}
	}
	return found
}
