// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// TestSystemDial connects for real, on loopback, over IPv4 and IPv6.
func TestSystemDial(t *testing.T) {
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(network, func(t *testing.T) {
			l, err := net.Listen("tcp", network)
			if err != nil {
				t.Skipf("this machine has no such loopback address: %v", err)
			}
			addr := l.Addr().(*net.TCPAddr).AddrPort()
			go func() {
				for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
					_, _ = conn.Write([]byte("220 hello\r\n"))
					_ = conn.Close()
				}
			}()
			conn, err := socket.Dialer(netip.Addr{})(t.Context(), catalog.TCP, addr)
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 16)
			if n, err := conn.Read(b); err != nil || string(b[:n]) != "220 hello\r\n" {
				t.Errorf("read %q, %v", b[:n], err)
			}
			if conn.RemoteAddr().String() != addr.String() {
				t.Errorf("connected to %s, want %s", conn.RemoteAddr(), addr)
			}
			_ = conn.Close()

			_ = l.Close()
			_, err = socket.Dialer(netip.Addr{})(t.Context(), catalog.TCP, addr)
			if o := classify(err, protocol.Connect, false); o.verdict != Refused {
				t.Errorf("a closed port is %s (%v), want refused", o.verdict, err)
			}
		})
	}
}

// TestSource connects from the address asked for, and says so where it cannot.
func TestSource(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().(*net.TCPAddr).AddrPort()
	conn, err := socket.Dialer(netip.MustParseAddr("127.0.0.1"))(t.Context(), catalog.TCP, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if from := conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr(); from != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("connected from %s", from)
	}
	_, err = socket.Dialer(netip.MustParseAddr("::1"))(t.Context(), catalog.TCP, addr)
	if !errors.Is(err, socket.ErrFamily) || classify(err, protocol.Connect, false).verdict != Untried {
		t.Errorf("an IPv6 source to an IPv4 address: %v", err)
	}
}

// TestDialDeadline wants a connect to end with its context. The listener's
// queue is full, so the SYN stays without an answer.
func TestDialDeadline(t *testing.T) {
	addr := fullListener(t)
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	start := time.Now()
	_, err := socket.Dialer(netip.Addr{})(ctx, catalog.TCP, addr)
	if o := classify(&socket.Error{Err: err}, protocol.Connect, false); o.verdict != TimedOut {
		t.Errorf("%s (%v), want timed-out", o.verdict, err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %s", d)
	}
}
