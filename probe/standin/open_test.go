// SPDX-License-Identifier: Apache-2.0

package standin_test

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/standin"
)

// hold holds a TCP port of an address until the test is over.
func hold(t *testing.T, address string) (port uint16) {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Skip(err) // a machine without IPv6
	}
	t.Cleanup(func() { _ = l.Close() })
	return netip.MustParseAddrPort(l.Addr().String()).Port()
}

// freePorts returns ports of which the first is held and the next are not.
func freePorts(t *testing.T) (held, free uint16) {
	t.Helper()
	for range 100 {
		held = hold(t, "127.0.0.1")
		if held > 65000 {
			continue
		}
		l, err := net.Listen("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), held+1).String())
		if err == nil {
			_ = l.Close()
			return held, held + 1
		}
	}
	t.Fatal("no two ports in a row of which one is free")
	return 0, 0
}

func service(name, protocol string, port uint16) catalog.Service {
	return catalog.Service{Name: name, Role: "mailbox", Network: catalog.TCP, Protocol: protocol, TLS: catalog.NoTLS, Ports: catalog.Ports{First: port, Last: port}}
}

// TestHeldPort: a port that another program has keeps a lenient server from nothing else,
// and any other server from everything.
func TestHeldPort(t *testing.T) {
	held, free := freePorts(t)
	s := &standin.Server{
		Host: "mail01", Version: "2019", Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")},
		Services: []catalog.Service{service("pop3", "pop3", free), service("imap", "imap", held)},
	}
	if err := s.Start(t.Context()); err == nil {
		s.Close()
		t.Fatal("started without one of its ports")
	}
	if conn, err := net.Dial("tcp", netip.AddrPortFrom(s.Addresses[0], free).String()); err == nil {
		_ = conn.Close()
		t.Error("a port stayed open after Start failed")
	}
	s = &standin.Server{Host: s.Host, Version: s.Version, Addresses: s.Addresses, Services: s.Services, Lenient: true}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := map[string]far.State{}
	for _, o := range s.Openings() {
		got[o.Service] = o.State
		if (o.Error == "") != (o.State == far.Open) || o.Role != "mailbox" || o.Address != s.Addresses[0] {
			t.Errorf("opening %+v", o)
		}
	}
	if len(got) != 2 || got["pop3"] != far.Open || got["imap"] != far.Held {
		t.Errorf("%v, want pop3 open and imap held", got)
	}
}

// rpcService is an RPC interface that the endpoint mapper leads to.
func rpcService(name, uuid string) catalog.Service {
	s := service(name, "rpc", 0)
	s.RPC = &catalog.Interface{Name: name, UUID: uuid, Major: 1}
	return s
}

// TestDynamicPorts: an RPC interface gets the next port that no program holds, as Windows
// gives them, or its static one.
func TestDynamicPorts(t *testing.T) {
	held, free := freePorts(t)
	static := hold(t, "127.0.0.1")
	s := &standin.Server{
		Host: "mail01", Version: "2019", Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Lenient: true,
		Services: []catalog.Service{
			rpcService("one", "11111111-0000-0000-0000-000000000000"),
			rpcService("two", "22222222-0000-0000-0000-000000000000"),
		},
		Dynamic: catalog.Ports{First: held, Last: held + 20},
		Static:  map[string]uint16{"two": static},
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	o := s.Openings()
	if len(o) != 2 || o[0].Port != free || o[0].State != far.Open {
		t.Errorf("%+v, want one open at %d", o, free)
	}
	if len(o) == 2 && (o[1].Port != static || o[1].State != far.Held) {
		t.Errorf("%+v, want two held at %d", o[1], static)
	}
}

// TestAddresses: a server listens at every address that it is given, of both families.
func TestAddresses(t *testing.T) {
	for _, addresses := range [][]string{{"127.0.0.1", "::1"}, {"::"}} {
		s, port := startAt(t, addresses)
		if n := len(s.Openings()); n != len(addresses) {
			t.Errorf("%v: %d openings", addresses, n)
		}
		for _, at := range []string{"127.0.0.1", "::1"} {
			to := netip.AddrPortFrom(netip.MustParseAddr(at), port)
			conn, err := net.Dial("tcp", to.String())
			if err != nil {
				t.Errorf("%v: %v", addresses, err)
				continue
			}
			from := netip.MustParseAddrPort(conn.LocalAddr().String())
			if greeting(conn) == "" {
				t.Errorf("%v: no greeting at %s", addresses, at)
			}
			_ = conn.Close()
			if all := s.RecordFor(from.Addr(), "").Arrivals; len(all) != 1 || all[0].From != from {
				t.Errorf("%v: from %s arrived %+v", addresses, from, all)
			}
		}
		s.Close()
	}
}

// TestAnsweredFrom: an answer over UDP comes from the address that was asked, though the server
// listens at all of them.
func TestAnsweredFrom(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the system chooses, and 127.0.0.2 may be no address")
	}
	for _, all := range []string{"::", "0.0.0.0"} {
		dns := catalog.Service{Name: "dns", Role: "mailbox", Network: catalog.UDP, Protocol: "dns", TLS: catalog.NoTLS}
		var s *standin.Server
		err := errors.New("no free port")
		for range 100 {
			at := hold(t, "127.0.0.1")
			dns.Ports = catalog.Ports{First: at, Last: at}
			s = &standin.Server{Host: "mail01", Version: "2019", Addresses: []netip.Addr{netip.MustParseAddr(all)}, Services: []catalog.Service{dns}}
			if err = s.Start(t.Context()); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []string{"127.0.0.1", "127.0.0.2"} {
			asker, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
			if err != nil {
				t.Fatal(err)
			}
			question := []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01") // the NS of the root
			to := netip.AddrPortFrom(netip.MustParseAddr(at), dns.Ports.First)
			_ = asker.SetDeadline(time.Now().Add(5 * time.Second))
			if _, err := asker.WriteToUDPAddrPort(question, to); err != nil {
				t.Fatal(err)
			}
			if _, from, err := asker.ReadFromUDPAddrPort(make([]byte, 512)); err != nil || from != to {
				t.Errorf("listening at %s: asked %s, answered from %s, error %v", all, to, from, err)
			}
			_ = asker.Close()
		}
		s.Close()
	}
}

// startAt starts a server of one service at addresses, on a port that is free at all of them.
func startAt(t *testing.T, addresses []string) (s *standin.Server, port uint16) {
	t.Helper()
	var err error
	for range 100 {
		port = hold(t, "::1") + 1
		s = &standin.Server{Host: "mail01", Version: "2019", Services: []catalog.Service{service("pop3", "pop3", port)}}
		for _, a := range addresses {
			s.Addresses = append(s.Addresses, netip.MustParseAddr(a))
		}
		if err = s.Start(t.Context()); err == nil {
			return s, port
		}
	}
	t.Fatal(err)
	return nil, 0
}
