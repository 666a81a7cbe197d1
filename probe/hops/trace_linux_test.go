// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"exreach/catalog"
	"exreach/probe/socket"
)

// What connecting ends in, and what that says of a hop.
func TestReplyOf(t *testing.T) {
	router := netip.MustParseAddr("10.0.1.1")
	for _, tt := range []struct {
		name string
		err  error
		said Said
		from netip.Addr
		fail bool
	}{
		{"connected", nil, SaidAccepted, traced.Addr.Addr(), false},
		{"reset", &socket.Error{Err: os.NewSyscallError("connect", unix.ECONNREFUSED)}, SaidReset, traced.Addr.Addr(), false},
		{"hop limit", &socket.Error{Err: unix.EHOSTUNREACH, ICMP: socket.ICMPExceeded, By: router}, SaidExceeded, router, false},
		{"prohibited over IPv6", &socket.Error{Err: unix.EACCES, ICMP: socket.ICMPProhibited, By: router}, SaidProhibited, router, false},
		{"prohibited by this machine", &socket.Error{Err: unix.EACCES, ICMP: socket.ICMPProhibited, By: router, Local: true}, SaidProhibited, router, false},
		{"port unreachable", &socket.Error{Err: unix.ECONNREFUSED, ICMP: socket.ICMPPort, By: router}, SaidPort, router, false},
		{"unreachable", &socket.Error{Err: unix.EHOSTUNREACH, ICMP: socket.ICMPUnreachable, By: router}, SaidUnreachable, router, false},
		{"unreachable, nobody knows who said it", &socket.Error{Err: unix.EHOSTUNREACH}, SaidUnreachable, netip.Addr{}, false},
		{"our wait is over", &socket.Error{Err: os.ErrDeadlineExceeded}, SaidNothing, netip.Addr{}, false},
		{"the run is over", &socket.Error{Err: context.DeadlineExceeded}, SaidNothing, netip.Addr{}, false},
		{"the system gave up", &socket.Error{Err: unix.ETIMEDOUT}, SaidNothing, netip.Addr{}, false},
		{"no descriptors", &socket.Error{Err: unix.EMFILE, Local: true}, SaidNothing, netip.Addr{}, true},
		{"a local rule", &socket.Error{Err: unix.EPERM, Local: true}, SaidProhibited, netip.Addr{}, false},
		{"no route", os.NewSyscallError("connect", unix.ENETUNREACH), SaidNothing, netip.Addr{}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := replyOf(tt.err, traced)
			if r.Said != tt.said || r.From != tt.from || (r.Err != nil) != tt.fail {
				t.Errorf("%+v, want %s from %v, error %v", r, tt.said, tt.from, tt.fail)
			}
		})
	}
}

// Loopback is one hop away, over both families.
func TestPathOnLoopback(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::1"} {
		l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
		if err != nil {
			t.Logf("no %s here: %v", address, err)
			continue
		}
		at := netip.MustParseAddrPort(l.Addr().String())
		wantOneHop(t, socket.Target{Network: catalog.TCP, Addr: at}, SaidAccepted)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		wantOneHop(t, socket.Target{Network: catalog.TCP, Addr: at}, SaidReset)

		u, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at.Addr(), 0)))
		if err != nil {
			t.Fatal(err)
		}
		at = u.LocalAddr().(*net.UDPAddr).AddrPort()
		echoed := make(chan struct{})
		go func() {
			defer close(echoed)
			b := make([]byte, 10)
			if n, from, err := u.ReadFromUDPAddrPort(b); err == nil {
				_, _ = u.WriteToUDPAddrPort(b[:n], from)
			}
		}()
		wantOneHop(t, socket.Target{Network: catalog.UDP, Addr: at, Payload: []byte("anybody?")}, SaidAccepted)
		<-echoed
		if err := u.Close(); err != nil {
			t.Fatal(err)
		}
		wantOneHop(t, socket.Target{Network: catalog.UDP, Addr: at}, SaidPort)
	}
}

func wantOneHop(t *testing.T, to socket.Target, said Said) {
	t.Helper()
	p := Tracer{}.Path(t.Context(), to)
	if p.Err != nil || len(p.Hops) != 1 || p.Hops[0].Said != said || len(p.Hops[0].From) != 1 || p.Hops[0].From[0] != to.Addr.Addr() || p.Hops[0].Self {
		t.Errorf("%s %s: %+v, want one hop that said %s", to.Network, to.Addr, p, said)
	}
}
