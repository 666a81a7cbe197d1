// SPDX-License-Identifier: Apache-2.0

package catalog

import "slices"

// LikelyPorts are the TCP ports at which an Exchange server, or a server that it needs,
// most likely answers. A trace looks among them for a port to compare with.
var LikelyPorts = []uint16{443, 25, 80, 135, 445, 389, 587, 53}

// UDPService returns the service to ask at a UDP port if the user names none. A UDP
// service answers only its own kind of question, so this is the service of the newest
// version that has one at the port. If none has, the Service has no Protocol.
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
