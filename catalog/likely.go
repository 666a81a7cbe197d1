// SPDX-License-Identifier: Apache-2.0

package catalog

import "slices"

// LikelyPorts is where a server of Exchange, or one that it needs, most likely
// answers over TCP.
var LikelyPorts = []uint16{443, 25, 80, 135, 445, 389, 587, 53}

// UDPService is what a UDP port is asked where nobody has named a service: nobody
// answers there but to a question, which the newest version that has a service at the
// port knows.
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
