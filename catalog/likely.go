// SPDX-License-Identifier: Apache-2.0

package catalog

import "slices"

// LikelyPorts is where a server of Exchange, or one that it needs, most likely
// answers over TCP.
var LikelyPorts = []uint16{443, 25, 80, 135, 445, 389, 587, 53}

// UDPService is the service to ask for at a UDP port when none is named: such a port
// answers only a question of its own protocol, which is that of the newest version with
// a service there.
func (c *Catalog) UDPService(port uint16) Service {
	here := Ports{First: port, Last: port}
	for _, name := range slices.Backward(c.Names()) {
		v, err := c.Version(name)
		if err != nil {
			continue
		}
		for _, s := range v.Services {
			if s.Network == UDP && s.Ports == here {
				return s
			}
		}
	}
	return Service{Network: UDP, Ports: here}
}
