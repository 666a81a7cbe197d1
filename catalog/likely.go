// SPDX-License-Identifier: Apache-2.0

package catalog

import "slices"

// LikelyPorts is where a server of Exchange, or one that it needs, most likely
// answers over TCP.
var LikelyPorts = []uint16{443, 25, 80, 135, 445, 389, 587, 53}

// UDPService is what a UDP port is asked where no service is named. A UDP service
// answers only its own kind of question, so this is the service of the newest version
// that has one at the port.
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
