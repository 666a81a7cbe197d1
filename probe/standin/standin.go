// SPDX-License-Identifier: Apache-2.0

// Package standin is a server that is not there: listeners, certificates and
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
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
)

// A Server plays a server that is not there: every service of a role, each
// with the server's side of its conversation. Without an Address that is on
// loopback and on ports that need no rights; a Pool with its Dial, Lookup and
// Roots finds the server under its own name and ports.
type Server struct {
	Host     string                 // its name: "mail01.contoso.example"
	Version  string                 // of Exchange: "2019"
	Releases *catalog.Releases      // that the Version is one of; nil is what comes with exreach
	Services []catalog.Service      // what it listens on
	Faults   map[string]Fault       // what is wrong with it, by service name
	Accounts []protocol.Credentials // that may log in
	Address  netip.Addr             // where it listens, on its services' own ports; :: is everywhere, the zero Addr is loopback, on ports that are free

	authority *Authority
	good, old tls.Certificate
	endpoints []rpc.Endpoint
	real      map[port]string // the loopback address behind each port; "" refuses
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
	Expired Fault = "expired certificate" // TLS with a certificate of the past
	Foreign Fault = "wrong service"       // something else answers
)

// standInPorts is where the RPC interfaces of a stand-in begin: Exchange's own
// dynamic ports begin at 6005.
const standInPorts = 6405

// conversationLimit bounds one conversation with a stand-in.
const conversationLimit = 30 * time.Second

// New is the server of a version with all that some of its roles listen on.
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

// Start opens the listeners, which serve until ctx or Close ends them. After an
// error nothing is open.
func (s *Server) Start(ctx context.Context) error {
	s.ctx, s.stop = context.WithCancel(ctx)
	s.real = map[port]string{}
	if err := s.certify(); err != nil {
		return fmt.Errorf("make the stand-in's certificates: %w", err)
	}
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

// Close ends every conversation and waits for it.
func (s *Server) Close() {
	s.stop()
	for _, l := range s.listeners {
		_ = l.Close()
	}
	s.serving.Wait()
}

// Roots is whom to trust to trust the stand-in's certificates.
func (s *Server) Roots() *x509.CertPool { return s.authority.Roots() }

// Dial connects to the stand-in, whatever the address. A port that is not the
// stand-in's is refused.
func (s *Server) Dial(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	real := s.real[port{network, addr.Port()}]
	if real == "" {
		real = s.nothing
	}
	return new(net.Dialer).DialContext(ctx, string(network), real)
}

// Lookup resolves every name to the stand-in.
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

// listen opens the listener of one service. Services of one port share it.
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

// addressOf is where the listener of a port is opened.
func (s *Server) addressOf(own port) string {
	if !s.Address.IsValid() {
		return "127.0.0.1:0"
	}
	return netip.AddrPortFrom(s.Address, own.number).String()
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

// serve holds one conversation, with what is wrong about it.
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

// foreign is a protocol that greets and is not this one.
func foreign(name string) protocol.Protocol {
	if name == "smtp" {
		return protocol.Table["imap"]
	}
	return protocol.Table["smtp"]
}
