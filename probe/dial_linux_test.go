// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"exreach/probe/protocol"
)

// fullListener returns an address whose queue of connections is full: Linux
// drops the SYNs that come then.
func fullListener(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.AddrPortFrom(addrOf(name), uint16(name.(*unix.SockaddrInet4).Port))
	conn, err := net.Dial("tcp", addr.String()) // the one that fits
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return addr
}

// TestInterrupted wants a connection that comes about at the moment when nobody
// waits for it any more to be either none, or one that can be used.
func TestInterrupted(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	to := netip.MustParseAddrPort(listener.Addr().String())
	connected := 0
	for range 2000 {
		ctx, stop := context.WithCancel(t.Context())
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			stop()
		}()
		conn, err := dialTCP(ctx, netip.Addr{}, to)
		<-stopped
		if err != nil {
			continue
		}
		connected++
		runtime.Gosched() // to whoever interrupts
		if _, err := conn.Write([]byte("x")); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("connection %d cannot be written to: %v", connected, err)
		}
		_ = conn.Close()
	}
	if connected == 0 {
		t.Error("nothing connected")
	}
}

// TestExtendedErr reads messages as the kernel queues them.
func TestExtendedErr(t *testing.T) {
	v4 := netip.MustParseAddr("10.77.2.2")
	v6 := netip.MustParseAddr("fd77::2")
	tests := []struct {
		name               string
		origin, kind, code byte
		by                 netip.Addr
		want               icmpAnswer
	}{
		{"net unreachable", unix.SO_EE_ORIGIN_ICMP, 3, 0, v4, icmpUnreachable},
		{"host unreachable", unix.SO_EE_ORIGIN_ICMP, 3, 1, v4, icmpUnreachable},
		{"port unreachable", unix.SO_EE_ORIGIN_ICMP, 3, 3, v4, icmpPort},
		{"fragmentation needed ends no connect", unix.SO_EE_ORIGIN_ICMP, 3, 4, v4, icmpNone},
		{"network prohibited", unix.SO_EE_ORIGIN_ICMP, 3, 9, v4, icmpProhibited},
		{"host prohibited", unix.SO_EE_ORIGIN_ICMP, 3, 10, v4, icmpProhibited},
		{"administratively prohibited", unix.SO_EE_ORIGIN_ICMP, 3, 13, v4, icmpProhibited},
		{"time exceeded", unix.SO_EE_ORIGIN_ICMP, 11, 0, v4, icmpExceeded},
		{"an echo reply", unix.SO_EE_ORIGIN_ICMP, 0, 0, v4, icmpNone},
		{"v6 no route", unix.SO_EE_ORIGIN_ICMP6, 1, 0, v6, icmpUnreachable},
		{"v6 prohibited", unix.SO_EE_ORIGIN_ICMP6, 1, 1, v6, icmpProhibited},
		{"v6 address unreachable", unix.SO_EE_ORIGIN_ICMP6, 1, 3, v6, icmpUnreachable},
		{"v6 port unreachable", unix.SO_EE_ORIGIN_ICMP6, 1, 4, v6, icmpPort},
		{"v6 ingress policy", unix.SO_EE_ORIGIN_ICMP6, 1, 5, v6, icmpProhibited},
		{"v6 reject route", unix.SO_EE_ORIGIN_ICMP6, 1, 6, v6, icmpProhibited},
		{"v6 hop limit exceeded", unix.SO_EE_ORIGIN_ICMP6, 3, 0, v6, icmpExceeded},
		{"v6 packet too big", unix.SO_EE_ORIGIN_ICMP6, 2, 0, v6, icmpNone},
		{"of this machine", unix.SO_EE_ORIGIN_LOCAL, 3, 1, v4, icmpNone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := make([]byte, extendedErrSize)
			binary.NativeEndian.PutUint32(b, uint32(unix.EHOSTUNREACH))
			b[4], b[5], b[6] = tt.origin, tt.kind, tt.code
			if tt.by.Is4() {
				b = binary.NativeEndian.AppendUint16(b, unix.AF_INET)
				b = append(append(b, 0, 0), tt.by.AsSlice()...)
				b = append(b, make([]byte, 8)...)
			} else {
				b = binary.NativeEndian.AppendUint16(b, unix.AF_INET6)
				b = append(append(b, 0, 0, 0, 0, 0, 0), tt.by.AsSlice()...)
				b = append(b, 0, 0, 0, 0)
			}
			answer, by, errno := parseExtendedErr(b)
			if answer != tt.want {
				t.Errorf("answer %d, want %d", answer, tt.want)
			}
			if answer != icmpNone && (by != tt.by || errno != unix.EHOSTUNREACH) {
				t.Errorf("by %s, errno %v", by, errno)
			}
			for n := range b { // a short message is no answer, or the same one
				parseExtendedErr(b[:n])
			}
		})
	}
}

// TestFromICMP tells the messages that this machine sends itself from those of others.
func TestFromICMP(t *testing.T) {
	ours, far, near := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("127.0.0.9")
	for _, tt := range []struct {
		name   string
		answer icmpAnswer
		by, to netip.Addr
		ours   bool
		want   outcome
	}{
		{"a firewall here rejects", icmpPort, ours, far, true, untried(Denied)},
		{"a firewall here prohibits", icmpProhibited, ours, far, true, untried(Denied)},
		{"a port of this machine is closed", icmpPort, ours, ours, true, outcome{verdict: Refused, saidBy: ours}},
		{"a firewall here prohibits a port of its own", icmpProhibited, ours, ours, true, untried(Denied)},
		{"the gateway does not answer", icmpUnreachable, ours, far, true, untried(NoRoute)},
		{"a neighbour does not answer", icmpUnreachable, ours, near, true, outcome{verdict: Unreachable}},
		{"a router rejects", icmpPort, near, far, false, outcome{verdict: Refused, saidBy: near}},
		{"a router knows no way", icmpUnreachable, near, far, false, outcome{verdict: Unreachable, saidBy: near}},
	} {
		if got := classify(fromICMP(tt.answer, tt.by, errnoOf(t, causeUnreachable), tt.to, tt.ours), protocol.Connect, false); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
