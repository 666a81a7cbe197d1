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
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
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
	Watch   func(Event)                                                    // is told what happens, one event at a time; nil for no one
	Contact func(ctx context.Context, conn *tls.Conn, from netip.AddrPort) // holds a contact and returns at its end; nil for a server without contact

	authority *Authority
	good, old tls.Certificate
	endpoints []rpc.Endpoint
	real      map[port]string // the address on which each port really listens; "" refuses
	nothing   string          // a loopback address where nothing listens

	ctx       context.Context // of the conversations; ends with Close
	stop      context.CancelFunc
	listeners []io.Closer
	serving   sync.WaitGroup
}

// A port is one of the server's own, as the user names it.
type port struct {
	network catalog.Network
	number  uint16
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

// standInPorts is where the RPC interfaces of a stand-in begin: Exchange's own
// dynamic ports begin at 6005.
const standInPorts = 6405

// conversationLimit bounds one conversation with a stand-in.
const conversationLimit = 30 * time.Second

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
// conversations. After an error nothing is open.
func (s *Server) Start(ctx context.Context) error {
	if err := s.certify(); err != nil {
		return fmt.Errorf("make the stand-in's certificates: %w", err)
	}
	s.ctx, s.stop = context.WithCancel(ctx)
	s.real = map[port]string{}
	for _, service := range s.furnish() {
		if err := s.listen(service); err != nil {
			s.Close()
			return err
		}
	}
	err := s.reserveClosedPort()
	if err != nil {
		s.Close()
		return fmt.Errorf("find a closed port: %w", err)
	}
	return nil
}

// furnish gives the RPC interfaces their ports and returns the services that
// can be asked. The endpoint map is whole before the first listener serves it.
func (s *Server) furnish() []catalog.Service {
	var services []catalog.Service
	next := uint16(standInPorts)
	for _, service := range s.Services {
		if service.Unasked != "" {
			continue
		}
		if service.RPC != nil {
			service.Ports = catalog.Ports{First: next, Last: next}
			s.endpoints = append(s.endpoints, endpoint(*service.RPC, next))
			next++
		}
		services = append(services, service)
	}
	return services
}

// Close closes the listeners, ends every conversation and waits for it.
func (s *Server) Close() {
	s.stop()
	for _, l := range s.listeners {
		_ = l.Close()
	}
	s.serving.Wait()
}

// ContactProtocol is the ALPN protocol with which a TLS handshake asks for the contact
// (RFC 7301).
const ContactProtocol = "exreach-contact/1"

// Openings returns what became of each port, in the order of the services.
func (s *Server) Openings() []far.Opening { return nil }

// Expect says that a source has proved its address, and with which token it will ask.
// Until forget is called it gets full answers over UDP, the first bytes of its
// conversations are kept, and what bears the token is its own wherever it came from.
func (s *Server) Expect(source netip.Addr, token string) (forget func()) { return func() {} }

// RecordFor returns the openings, and what arrived from source or bore its token. The
// caller fills in what the server does not know: Tool, Listener, Machine, Wall, Dropped.
func (s *Server) RecordFor(source netip.Addr, token string) far.Record { return far.Record{} }

// Whole returns what arrived from all sources.
func (s *Server) Whole() far.Record { return far.Record{} }

// Roots returns the roots that a client must trust to trust the stand-in's certificates.
func (s *Server) Roots() *x509.CertPool { return s.authority.Roots() }

// Dial is a probe.DialFunc that connects to the stand-in, whatever the address. Ports that
// the stand-in does not listen on are refused.
func (s *Server) Dial(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	real := s.real[port{network, addr.Port()}]
	if real == "" {
		real = s.nothing
	}
	return new(net.Dialer).DialContext(ctx, string(network), real)
}

// Lookup resolves every name to loopback, where Dial finds the stand-in.
func (s *Server) Lookup(context.Context, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}, nil
}

func (s *Server) certify() error {
	var err error
	if s.authority, err = NewAuthority(); err != nil {
		return err
	}
	if s.good, err = s.authority.Issue(s.Host, time.Now().AddDate(0, 6, 0)); err != nil {
		return err
	}
	s.old, err = s.authority.Issue(s.Host, time.Now().AddDate(0, 0, -12))
	return err
}

func endpoint(i catalog.Interface, port uint16) rpc.Endpoint {
	return rpc.Endpoint{
		UUID: i.UUID, Major: i.Major, Minor: i.Minor,
		Sequence: "ncacn_ip_tcp", Port: port, Address: "0.0.0.0", Annotation: i.Name,
	}
}

// reserveClosedPort finds a port that refuses, and keeps it: it is the near end of
// a connection, so the system gives it to no listener.
func (s *Server) reserveClosedPort() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, near)
	s.nothing = near.LocalAddr().String()
	far, err := l.Accept()
	if err != nil {
		return err
	}
	s.listeners = append(s.listeners, far)
	return nil
}

// listen opens the listener of one service. Where several services have one port, the
// first of them answers there.
func (s *Server) listen(service catalog.Service) error {
	own := port{service.Network, service.Ports.First}
	if _, shared := s.real[own]; shared {
		return nil
	}
	if s.Faults[service.Name] == Refused {
		s.real[own] = ""
		return nil
	}
	if service.Network == catalog.UDP {
		return s.listenUDP(own, service)
	}
	l, err := net.Listen("tcp", s.addressOf(own))
	if err != nil {
		return fmt.Errorf("stand in for %s: %w", service.Name, err)
	}
	s.real[own] = l.Addr().String()
	s.listeners = append(s.listeners, l)
	s.serving.Go(func() { s.accept(l, service) })
	return nil
}

// addressOf returns the address on which to open the listener of a port.
func (s *Server) addressOf(own port) string {
	if len(s.Addresses) == 0 {
		return "127.0.0.1:0"
	}
	return netip.AddrPortFrom(s.Addresses[0], own.number).String()
}

func (s *Server) accept(l net.Listener, service catalog.Service) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // closed
		}
		s.serving.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(s.ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
			_ = conn.SetDeadline(time.Now().Add(conversationLimit))
			_ = s.serve(conn, service) // how a conversation ends is the client's to judge
		})
	}
}

// serve holds one conversation, with the fault of its service if it has one.
func (s *Server) serve(conn net.Conn, service catalog.Service) error {
	cert, speak := s.good, protocol.Table[service.Protocol]
	switch s.Faults[service.Name] {
	case Silent:
		speak = protocol.Table["tcp"]
		service.TLS = catalog.NoTLS
	case Expired:
		cert = s.old
	case Foreign:
		speak = foreign(service.Protocol)
	}
	starttls := func(plain net.Conn) (net.Conn, error) {
		config := &tls.Config{Certificates: []tls.Certificate{cert}}
		if service.TLS == catalog.Mutual {
			config.ClientAuth = tls.RequireAnyClientCert
		}
		secured := tls.Server(plain, config)
		return secured, secured.Handshake()
	}
	if service.TLS.First() {
		secured, err := starttls(conn)
		if err != nil {
			return err
		}
		defer secured.Close()
		conn = secured
	}
	return speak.Answer(conn, protocol.Stand{
		Host:      s.Host,
		Version:   s.Version,
		Releases:  s.Releases,
		Service:   service,
		Endpoints: s.endpoints,
		Accounts:  s.Accounts,
		StartTLS:  starttls,
	})
}

// foreign returns a protocol that greets and is not the named one.
func foreign(name string) protocol.Protocol {
	if name == "smtp" {
		return protocol.Table["imap"]
	}
	return protocol.Table["smtp"]
}
