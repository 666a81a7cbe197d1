// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol/rpc"
	"exreach/probe/socket"
	"exreach/probe/socket/census"
)

// standInPorts is where the RPC interfaces of a stand-in begin, unless it is told:
// Exchange's own dynamic ports begin at 6005.
const standInPorts = 6405

// A port is one of the server's own, as the user names it.
type port struct {
	network catalog.Network
	number  uint16
}

// An opening is a port at an address, and what listens there if it is open.
type opening struct {
	far.Opening
	service catalog.Service
	tcp     net.Listener
	udp     *net.UDPConn
	real    netip.AddrPort // where it listens; its own port, except on loopback
}

// close closes what listens.
func (o *opening) close() {
	switch {
	case o.tcp != nil:
		_ = o.tcp.Close()
	case o.udp != nil:
		_ = o.udp.Close()
	}
}

// Openings returns what became of each port at each address: first the ports that are
// fixed, then those of the RPC interfaces. Of services that share a port, the first has
// it. A port that Faults lets no one listen on is not among them.
func (s *Server) Openings() []far.Opening {
	var all []far.Opening
	for _, o := range s.openings {
		all = append(all, o.Opening)
	}
	return all
}

// openAll opens the ports of all services. The endpoint map has the RPC interfaces that are open.
func (s *Server) openAll() error {
	var dynamic []catalog.Service
	for _, service := range s.Services {
		switch {
		case service.Unasked != "":
		case service.RPC != nil:
			dynamic = append(dynamic, service)
		default:
			if err := s.open(service); err != nil {
				return err
			}
		}
	}
	next := cmp.Or(s.Dynamic.First, standInPorts)
	for _, service := range dynamic {
		var err error
		if fixed := s.Static[service.Name]; fixed != 0 {
			err = s.openInterface(service, fixed)
		} else {
			next, err = s.openDynamic(service, next)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens the port of a service, unless another one has it.
func (s *Server) open(service catalog.Service) error {
	own := port{service.Network, service.Ports.First}
	if s.taken[own] {
		return nil
	}
	if s.Faults[service.Name] == Refused {
		s.taken[own] = true
		return nil
	}
	opened, err := s.listen(own, service)
	if err != nil && !s.Lenient {
		closeAll(opened)
		return fmt.Errorf("stand in for %s: %w", service.Name, err)
	}
	s.keep(own, opened)
	return nil
}

// keep takes over what was opened.
func (s *Server) keep(own port, opened []*opening) {
	s.taken[own] = true
	s.openings = append(s.openings, opened...)
	for _, o := range opened {
		s.herald.tell(Opened{o.Opening})
	}
}

// openInterface opens an RPC interface at a port that is given, or has it share the port with
// those that are there.
func (s *Server) openInterface(service catalog.Service, at uint16) error {
	service.Ports = catalog.Ports{First: at, Last: at}
	if s.isOpen(at) {
		s.shared[at] = append(s.shared[at], *service.RPC)
	}
	err := s.open(service)
	if s.isOpen(at) || s.Faults[service.Name] == Refused {
		s.endpoints = append(s.endpoints, endpoint(*service.RPC, at))
	}
	return err
}

// isOpen reports whether a TCP port is open at an address at least.
func (s *Server) isOpen(number uint16) bool {
	for _, o := range s.openings {
		if o.Network == catalog.TCP && o.Port == number && o.State == far.Open {
			return true
		}
	}
	return false
}

// openDynamic opens an RPC interface at the first port from next on that no program holds,
// as Windows gives them. It returns the port after that.
func (s *Server) openDynamic(service catalog.Service, next uint16) (uint16, error) {
	last := max(cmp.Or(s.Dynamic.Last, 65535), next)
	for ; next < last; next++ {
		own := port{catalog.TCP, next}
		if s.taken[own] {
			continue
		}
		if s.Faults[service.Name] == Refused {
			break
		}
		service.Ports = catalog.Ports{First: next, Last: next}
		opened, err := s.listen(own, service)
		if err == nil {
			s.keep(own, opened)
			s.endpoints = append(s.endpoints, endpoint(*service.RPC, next))
			return next + 1, nil
		}
		closeAll(opened)
		if socket.CauseOf(err) != socket.NoPorts { // held, or one of ours
			break
		}
	}
	return next + 1, s.openInterface(service, next)
}

func closeAll(opened []*opening) {
	for _, o := range opened {
		o.close()
	}
}

func endpoint(i catalog.Interface, port uint16) rpc.Endpoint {
	return rpc.Endpoint{
		UUID: i.UUID, Major: i.Major, Minor: i.Minor,
		Sequence: "ncacn_ip_tcp", Port: port, Address: "0.0.0.0", Annotation: i.Name,
	}
}

// listen opens a port at every address of the server, and returns the first error.
func (s *Server) listen(own port, service catalog.Service) (opened []*opening, first error) {
	addresses := s.Addresses
	if len(addresses) == 0 {
		addresses = []netip.Addr{loopback()}
	}
	for _, address := range addresses {
		o, err := s.listenAt(address, own, service)
		opened = append(opened, o)
		if first == nil {
			first = err
		}
	}
	return opened, first
}

// loopback is where a server without addresses listens.
func loopback() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

func (s *Server) listenAt(address netip.Addr, own port, service catalog.Service) (*opening, error) {
	o := &opening{service: service, real: netip.AddrPortFrom(address, own.number), Opening: far.Opening{
		Service: service.Name, Role: service.Role, Protocol: service.Protocol,
		Network: own.network, Port: own.number, Address: address, State: far.Open,
	}}
	var err error
	if own.network == catalog.UDP {
		err = o.listenUDP(s.endOf(address, own))
	} else {
		err = o.listenTCP(s.endOf(address, own))
	}
	if err != nil {
		o.fail(err)
	}
	return o, err
}

func (o *opening) listenTCP(network, at string) error {
	l, err := socket.Listening().Listen(context.Background(), "tcp"+network, at)
	if err != nil {
		return err
	}
	o.tcp, o.real = l, plainAddrPort(l.Addr().(*net.TCPAddr).AddrPort())
	return nil
}

func (o *opening) listenUDP(network, at string) error {
	packets, err := socket.Listening().ListenPacket(context.Background(), "udp"+network, at)
	if err != nil {
		return err
	}
	conn := packets.(*net.UDPConn)
	socket.KnowBack(conn)
	o.udp, o.real = conn, plainAddrPort(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	return nil
}

// endOf returns the address on which to open the listener of a port, and the IP version
// ("4", "6"; "" is both). An empty host is every address that this machine has.
func (s *Server) endOf(address netip.Addr, own port) (network, at string) {
	number := strconv.Itoa(int(own.number))
	switch {
	case len(s.Addresses) == 0:
		return "", net.JoinHostPort(address.String(), "0")
	case address == netip.IPv6Unspecified():
		return "", net.JoinHostPort("", number)
	case address.Is4():
		return "4", net.JoinHostPort(address.String(), number)
	default:
		return "6", net.JoinHostPort(address.String(), number)
	}
}

// fail says why a port is not open. Windows denies a port that another program has for
// itself (WSAEACCES), just as it denies one to users without the right.
func (o *opening) fail(err error) {
	o.Error = err.Error()
	holder, known := census.Holder(o.Network, netip.AddrPortFrom(o.Address, o.Port))
	switch cause := socket.CauseOf(err); {
	case cause == socket.NoPorts, cause == socket.Denied && known:
		o.State, o.Holder = far.Held, holder
	case cause == socket.Denied:
		o.State = far.Denied
	default:
		o.State = far.Failed
	}
}
