// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

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

// AnyProtocol is the protocol of a port of which nothing is known. Its conversation finds
// out what the server speaks.
const AnyProtocol = "any"

// A Port is one that the user names; it is checked for any role of the host.
type Port struct {
	Network Network
	Number  uint16
}

// String returns "443/tcp".
func (p Port) String() string { return fmt.Sprintf("%d/%s", p.Number, p.Network) }

// ParsePort reads "443", "443/tcp" or "53/udp".
func ParsePort(word string) (Port, error) {
	digits, network, given := strings.Cut(strings.ToLower(word), "/")
	n, err := strconv.ParseUint(digits, 10, 16)
	switch p := (Port{TCP, uint16(n)}); {
	case err != nil || n == 0:
		return Port{}, fmt.Errorf("%q is not a port: a port is a number from 1 to 65535", Shown(digits))
	case !given:
		return p, nil
	case slices.Contains(networks, Network(network)):
		return Port{Network(network), p.Number}, nil
	}
	return Port{}, &WordError{"transport", network, each(networks, func(n Network) string { return string(n) })}
}

// planPorts returns the checks of the ports that a user asks for at a host. The user wants
// them to answer, so each is Required.
func (c *Catalog) planPorts(h Host, from string) ([]Check, error) {
	checks := make([]Check, 0, len(h.Ports)) // which may be tens of thousands
	likely := append(c.Names(), DefaultVersion)
	for _, port := range h.Ports {
		version, services, err := c.servicesAt(h, port, from, likely)
		if err != nil {
			return nil, err
		}
		for _, s := range services {
			s.Wants, s.OneOf, s.Exposure, s.Verified = map[string]Want{from: Required}, "", "", true
			checks = append(checks, Check{Host: h.Name, Version: version, Service: s, From: from, Want: Required, Releases: c.releases})
		}
	}
	return checks, nil
}

// servicesAt returns the services to ask at a port, and the version that they are of. If
// the version of the host is given and has the port, these are its services there: of the
// given role, or else of the roles that exreach may assume of a host, or else of any; and
// those for from, if there are any. Otherwise it is one service, of no version or role, which
// likelyAt finds in the versions in likely.
func (c *Catalog) servicesAt(h Host, port Port, from string, likely []string) (version string, services []Service, err error) {
	if h.Version == "" || h.Version == Auto {
		return "", []Service{c.likelyAt(port, likely)}, nil
	}
	v, err := c.Version(h.Version)
	if err != nil {
		return "", nil, err
	}
	given := h.Role != "" && h.Role != Auto
	if given {
		if _, err := v.Role(h.Role); err != nil {
			return "", nil, err
		}
	}
	assumed := func(s Service) bool {
		return given || slices.ContainsFunc(v.Roles, func(r Role) bool { return r.Name == s.Role && r.Auto != "" })
	}
	for _, fits := range []func(Service) bool{
		func(s Service) bool { return assumed(s) && s.asked(from) },
		assumed,
		func(Service) bool { return true },
	} {
		for _, s := range v.Services {
			if s.isAt(port) && (!given || s.Role == h.Role) && fits(s) && !slices.ContainsFunc(services, func(o Service) bool { return sameService(o, s) }) {
				services = append(services, s)
			}
		}
		if services != nil {
			return v.Name, services, nil
		}
	}
	return v.Name, []Service{c.likelyAt(port, likely)}, nil
}

// likelyAt returns the service to ask at a port of a host of which nothing else is known:
// what the last of some versions has there, or else the one before it, and so on.
// Of a web server it asks for the root, which needs no directory of Exchange. It has no
// role. If no version has the port, its protocol is AnyProtocol.
func (c *Catalog) likelyAt(port Port, versions []string) Service {
	for _, name := range slices.Backward(versions) {
		v, err := c.Version(name)
		if err != nil {
			continue
		}
		for i := range v.Services {
			if s := &v.Services[i]; s.isAt(port) {
				return s.ofAnyHost()
			}
		}
	}
	return Service{
		Name:     fmt.Sprintf("port-%d", port.Number),
		Network:  port.Network,
		Ports:    Ports{port.Number, port.Number},
		Protocol: AnyProtocol,
		TLS:      NoTLS,
	}
}

// isAt reports whether a check of s asks the port itself.
func (s *Service) isAt(port Port) bool {
	return s.Unasked == "" && s.RPC == nil && s.Network == port.Network && s.Ports == Ports{port.Number, port.Number}
}

// ofAnyHost returns s without what only a host of its version and role has.
func (s Service) ofAnyHost() Service {
	s.Role, s.Facts, s.Note = "", nil, ""
	if s.HTTP == nil {
		return s
	}
	s.HTTP, s.Name = nil, "http"
	if s.TLS.First() {
		s.Name = "https"
	}
	return s
}

// IsMeant reports whether a word of --only or --skip means s: its name, its protocol (https is
// http inside TLS), its port or a range that holds it, alone or with the transport, as the
// report has it.
func (s Service) IsMeant(word string) bool {
	for _, name := range []string{s.Name, s.Protocol, s.Ports.String(), s.Location()} {
		if strings.EqualFold(word, name) {
			return true
		}
	}
	if word == s.Protocol+"s" && s.TLS.First() {
		return true
	}
	ports, network, ok := ParsePortRange(word)
	return ok && s.Ports.First != 0 && ports.First <= s.Ports.First && s.Ports.Last <= ports.Last && (network == "" || network == s.Network)
}

// ParsePortRange reads "443", "1-1024", "443/tcp" or "1-1024/udp". The network is "" if the
// word names none.
func ParsePortRange(word string) (ports Ports, network Network, ok bool) {
	numbers, transport, _ := strings.Cut(strings.ToLower(word), "/")
	first, last, ranged := strings.Cut(numbers, "-")
	if !ranged {
		last = first
	}
	low, errLow := strconv.ParseUint(first, 10, 16)
	high, errHigh := strconv.ParseUint(last, 10, 16)
	network = Network(transport)
	known := network == TCP || network == UDP || !strings.Contains(word, "/")
	return Ports{First: uint16(low), Last: uint16(high)}, network, errLow == nil && errHigh == nil && low <= high && known
}
