// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// portCheck is a check of a port that needs no conversation over TCP.
func portCheck(to netip.AddrPort, network catalog.Network, protocol string) catalog.Check {
	return catalog.Check{Host: to.Addr().String(), Version: "2019", Want: catalog.Required, From: "client", Service: catalog.Service{
		Name: protocol, Role: "mailbox", Network: network, Protocol: protocol, TLS: catalog.NoTLS, Ports: catalog.Ports{First: to.Port(), Last: to.Port()},
	}}
}

// openPort returns a port of loopback that accepts connections until the test is over.
func openPort(t *testing.T, network, addr string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Skipf("this machine has no such loopback address: %v", err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// closedPort returns a port of loopback that nothing listens at, over TCP or UDP.
func closedPort(t *testing.T, addr string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("this machine has no such loopback address: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

// TestSourceOfResult wants each result to name the local address that it was asked from:
// that of the connection, and where there was none the one that the system connects from.
func TestSourceOfResult(t *testing.T) {
	once := Pool{Once: true, Tries: 1, Timeouts: Timeouts{Connect: 50 * time.Millisecond, Check: time.Second}}
	bound := once
	bound.Source = netip.MustParseAddr("127.0.0.1")
	const loopback4, loopback6 = "127.0.0.1:0", "[::1]:0"
	tests := []struct {
		name    string
		pool    Pool
		check   func(t *testing.T) catalog.Check
		verdict Verdict
		want    string
	}{
		{"accepted", once, func(t *testing.T) catalog.Check { return portCheck(openPort(t, "tcp", loopback4), catalog.TCP, "tcp") }, Answered, "127.0.0.1"},
		{"accepted over IPv6", once, func(t *testing.T) catalog.Check { return portCheck(openPort(t, "tcp", loopback6), catalog.TCP, "tcp") }, Answered, "::1"},
		{"accepted, then silent", once, func(t *testing.T) catalog.Check { return portCheck(openPort(t, "tcp", loopback4), catalog.TCP, "smtp") }, Silent, "127.0.0.1"},
		{"from an address of the user's", bound, func(t *testing.T) catalog.Check { return portCheck(openPort(t, "tcp", loopback4), catalog.TCP, "tcp") }, Answered, "127.0.0.1"},
		{"refused", once, func(t *testing.T) catalog.Check { return portCheck(closedPort(t, loopback4), catalog.TCP, "tcp") }, Refused, "127.0.0.1"},
		{"refused over IPv6", once, func(t *testing.T) catalog.Check { return portCheck(closedPort(t, loopback6), catalog.TCP, "tcp") }, Refused, "::1"},
		{"refused, from an address of the user's", bound, func(t *testing.T) catalog.Check { return portCheck(closedPort(t, loopback4), catalog.TCP, "tcp") }, Refused, "127.0.0.1"},
		{"refused over UDP", once, func(t *testing.T) catalog.Check { return portCheck(closedPort(t, loopback4), catalog.UDP, "ntp") }, Refused, "127.0.0.1"},
		{"timed out", once, func(t *testing.T) catalog.Check { return portCheck(fullListener(t), catalog.TCP, "tcp") }, TimedOut, "127.0.0.1"},
		{"of another family than the user's address", bound, func(t *testing.T) catalog.Check { return portCheck(closedPort(t, loopback6), catalog.TCP, "tcp") }, Untried, "invalid IP"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			res := collect(t.Context(), &test.pool, test.check(t))[0]
			if res.Verdict != test.verdict || res.Source.String() != test.want {
				t.Errorf("%s from %s (%s), want %s from %s", res.Verdict, res.Source, res.Detail, test.verdict, test.want)
			}
		})
	}
}

// TestSourceUnknown: a result that no packet was sent for, or that another program sent
// them for, names no address.
func TestSourceUnknown(t *testing.T) {
	memory := &fakeNet{serve: always(smtpServer)}
	closed := &fakeNet{serve: failing(&socket.Error{Err: net.ErrClosed})}
	for name, of := range map[string]struct {
		pool  Pool
		check catalog.Check
	}{
		"a connection in memory":         {Pool{Dial: memory.dial}, smtpCheck("192.0.2.1", 25)},
		"a failed connection in memory":  {Pool{Dial: closed.dial, Once: true}, smtpCheck("192.0.2.1", 25)},
		"a zone that this machine lacks": {Pool{}, tcp25("fe80::1%no-such-interface")},
	} {
		if res := collect(t.Context(), &of.pool, of.check)[0]; res.Source.IsValid() {
			t.Errorf("%s: %s from %s", name, res.Verdict, res.Source)
		}
	}
}

// TestSourceBehindMapper wants the interfaces behind an endpoint mapper to name the address
// as well, and one that is not registered that of the mapper's.
func TestSourceBehindMapper(t *testing.T) {
	pool, checks := startStandIn(t, "2010", "client-access", "client", nil)
	here, behind := netip.MustParseAddr("127.0.0.1"), 0
	for i := range checks {
		if isMapper(checks[i]) {
			stranger := checks[i].Behind[0]
			stranger.Service.RPC = &catalog.Interface{Name: "nobody", UUID: "00000000-0000-4000-8000-000000000001", Major: 1}
			checks[i].Behind = append(checks[i].Behind, stranger)
		}
	}
	for _, res := range collect(t.Context(), pool, checks...) {
		if res.Parent != "" {
			behind++
		}
		if res.Source != here {
			t.Errorf("%s (behind %q): from %s", res.Check.Service.Name, res.Parent, res.Source)
		}
	}
	if behind < 2 {
		t.Errorf("%d interfaces behind the endpoint mapper", behind)
	}
}
