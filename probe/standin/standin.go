// SPDX-License-Identifier: Apache-2.0

// Package standin plays a server that is not there, with listeners, certificates and
// faults, for the demo, for tests and for benchmarks. What it says on a port is in
// probe/protocol, next to what is asked there; no package that asks real servers may
// import it.
package standin

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
	"exreach/probe/socket/census"
)

// A Server plays a server that is not there: every service of a role, each with the
// server's side of its conversation. Set the exported fields before Start. Without an
// Address it listens on loopback, on ports that need no rights; a Pool that uses its Dial,
// Lookup and Roots still finds it under its own name and ports.
type Server struct {
	Host     string                 // its name: "mail01.contoso.example"
	Version  string                 // of Exchange: "2019"
	Releases *catalog.Releases      // where the Version is listed; nil is what comes with exreach
	Services []catalog.Service      // what it listens on
	Faults   map[string]Fault       // what is wrong with it, by service name
	Accounts []protocol.Credentials // who may log in; without any, no client may

	Addresses []netip.Addr      // where it listens, on its services' own ports; :: is everywhere, none is loopback, on ports that are free
	Lenient   bool              // Start goes on after a port that cannot be opened: Openings tells
	Dynamic   catalog.Ports     // the range of the RPC interfaces; zero begins at 6405
	Static    map[string]uint16 // the ports of RPC interfaces that have a fixed one, by service name

	Allow   func(netip.Addr) bool // which sources are served; nil serves all
	Guarded bool                  // strangers may reach it: Limits are on, and no answer over UDP is longer than its question unless its source is expected
	Limits  Limits
	Watch   func(Event)                                                                // is told what happens, one event at a time; must return; nil for no one
	Contact func(ctx context.Context, conn *tls.Conn, from netip.AddrPort, seat *Seat) // holds a contact and returns at its end; nil for a server without contact

	authority *Authority
	good, old shown
	endpoints []rpc.Endpoint
	shared    map[uint16][]catalog.Interface // by their port: RPC interfaces that came after the first
	openings  []*opening
	taken     map[port]bool // the ports that were opened, or are not to be
	nothing   string        // a loopback address where nothing listens

	ledger    *ledger
	door      *door
	datagrams *door // counts datagrams alone
	flows     *flows
	herald    *herald
	links     func(ports func(uint16) bool) ([]census.Link, error) // the system's connections
	started   time.Time
	sees      atomic.Bool // the system told of its connections

	ctx     context.Context // of the conversations; ends with Close
	stop    context.CancelFunc
	others  []io.Closer
	serving sync.WaitGroup
	tending sync.WaitGroup // the lookout, which looks once more before the ports are closed
	closing sync.Once
}

// A Fault is something that goes wrong in real networks.
type Fault string

// The faults.
const (
	Refused Fault = "refused"             // nothing listens
	Silent  Fault = "silent"              // accepts and says nothing
	Expired Fault = "expired certificate" // TLS with a certificate that has expired
	Foreign Fault = "wrong service"       // something else answers
)

// New returns a Server, yet to be started, of a version with all services of these roles.
func New(v catalog.Version, roles ...string) (*Server, error) {
	s := &Server{Host: "mail01.contoso.example", Version: v.Name}
	for _, role := range roles {
		services, err := v.ServicesOf(role)
		if err != nil {
			return nil, err
		}
		s.Services = append(s.Services, services...)
	}
	return s, nil
}

// Start opens the listeners. They serve until Close; the end of ctx ends the
// conversations. After an error nothing is open. No port is served before all are open,
// and the endpoint map is whole.
func (s *Server) Start(ctx context.Context) error {
	if err := s.certify(); err != nil {
		return fmt.Errorf("make the stand-in's certificates: %w", err)
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	s.started = time.Now().UTC()
	s.taken, s.shared = map[port]bool{}, map[uint16][]catalog.Interface{}
	s.ledger, s.flows, s.herald = newLedger(), newFlows(), newHerald(s.Watch)
	s.door, s.datagrams = newDoor(s.limits()), newDoor(s.limits())
	if s.links == nil {
		s.links = census.Links
	}
	if err := s.openAll(); err != nil {
		s.Close()
		return err
	}
	if err := s.reserveClosedPort(); err != nil {
		s.Close()
		return fmt.Errorf("find a closed port: %w", err)
	}
	for _, o := range s.openings {
		switch {
		case o.tcp != nil:
			s.serving.Go(func() { s.accept(o) })
		case o.udp != nil:
			s.serving.Go(func() { s.receive(o) })
		}
	}
	s.tending.Go(s.tend)
	return nil
}

// Close closes the listeners, ends every conversation and waits for it.
func (s *Server) Close() {
	s.closing.Do(func() {
		s.stop()
		s.tending.Wait()
		closeAll(s.openings)
		for _, c := range s.others {
			_ = c.Close()
		}
		s.serving.Wait()
		s.endFlows(0)
		s.herald.close()
	})
}

// Roots returns the roots that a client must trust to trust the stand-in's certificates.
func (s *Server) Roots() *x509.CertPool { return s.authority.Roots() }

// Dial is a probe.DialFunc that connects to the stand-in, whatever the address. Ports that
// the stand-in does not listen on are refused.
func (s *Server) Dial(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	real := s.nothing
	for _, o := range s.openings {
		if o.State == far.Open && o.Network == network && o.Port == addr.Port() {
			real = o.real.String()
			break
		}
	}
	return new(net.Dialer).DialContext(ctx, string(network), real)
}

// Lookup resolves every name to loopback, where Dial finds the stand-in.
func (s *Server) Lookup(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{loopback()}, nil
}

func (s *Server) certify() error {
	var err error
	if s.authority, err = NewAuthority(); err != nil {
		return err
	}
	if s.good, err = s.issue(time.Now().AddDate(0, 6, 0)); err != nil {
		return err
	}
	s.old, err = s.issue(time.Now().AddDate(0, 0, -12))
	return err
}

// A shown is a certificate to show, and its fingerprint.
type shown struct {
	tls.Certificate
	print string
}

func (s *Server) issue(end time.Time) (shown, error) {
	cert, err := s.authority.Issue(s.Host, end)
	if err != nil {
		return shown{}, err
	}
	return shown{cert, tls12.Fingerprint(cert.Certificate[0])}, nil
}

// reserveClosedPort finds a port that refuses, for Dial, and keeps it: it is the near end
// of a connection, so the system gives it to no listener.
func (s *Server) reserveClosedPort() error {
	if len(s.Addresses) > 0 {
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	s.others = append(s.others, near)
	s.nothing = near.LocalAddr().String()
	far, err := l.Accept()
	if err != nil {
		return err
	}
	s.others = append(s.others, far)
	return nil
}
