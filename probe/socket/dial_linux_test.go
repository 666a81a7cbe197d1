// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

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
		runtime.Gosched() // to the goroutine that interrupts
		if _, err := conn.Write([]byte("x")); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("connection %d cannot be written to: %v", connected, err)
		}
		_ = conn.Close()
	}
	if connected == 0 {
		t.Error("nothing connected")
	}
}

// TestDeadlineInTLS: a read that ran out of time does not end the connection, inside TLS
// either. Of a server that says nothing until it is asked, that is how one finds out.
func TestDeadlineInTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	plain, err := dialTCP(t.Context(), netip.Addr{}, netip.MustParseAddrPort(server.Listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true})
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("nothing was asked, and reading gave %v", err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	if _, err := conn.Write([]byte("GET / HTTP/1.0\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(answer), "HTTP/1.0 404") {
		t.Errorf("the answer is %q, %v", answer, err)
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
		want               ICMP
	}{
		{"net unreachable", unix.SO_EE_ORIGIN_ICMP, 3, 0, v4, ICMPUnreachable},
		{"host unreachable", unix.SO_EE_ORIGIN_ICMP, 3, 1, v4, ICMPUnreachable},
		{"port unreachable", unix.SO_EE_ORIGIN_ICMP, 3, 3, v4, ICMPPort},
		{"fragmentation needed ends no connect", unix.SO_EE_ORIGIN_ICMP, 3, 4, v4, ICMPNone},
		{"network prohibited", unix.SO_EE_ORIGIN_ICMP, 3, 9, v4, ICMPProhibited},
		{"host prohibited", unix.SO_EE_ORIGIN_ICMP, 3, 10, v4, ICMPProhibited},
		{"administratively prohibited", unix.SO_EE_ORIGIN_ICMP, 3, 13, v4, ICMPProhibited},
		{"time exceeded", unix.SO_EE_ORIGIN_ICMP, 11, 0, v4, ICMPExceeded},
		{"an echo reply", unix.SO_EE_ORIGIN_ICMP, 0, 0, v4, ICMPNone},
		{"v6 no route", unix.SO_EE_ORIGIN_ICMP6, 1, 0, v6, ICMPUnreachable},
		{"v6 prohibited", unix.SO_EE_ORIGIN_ICMP6, 1, 1, v6, ICMPProhibited},
		{"v6 address unreachable", unix.SO_EE_ORIGIN_ICMP6, 1, 3, v6, ICMPUnreachable},
		{"v6 port unreachable", unix.SO_EE_ORIGIN_ICMP6, 1, 4, v6, ICMPPort},
		{"v6 ingress policy", unix.SO_EE_ORIGIN_ICMP6, 1, 5, v6, ICMPProhibited},
		{"v6 reject route", unix.SO_EE_ORIGIN_ICMP6, 1, 6, v6, ICMPProhibited},
		{"v6 hop limit exceeded", unix.SO_EE_ORIGIN_ICMP6, 3, 0, v6, ICMPExceeded},
		{"v6 packet too big", unix.SO_EE_ORIGIN_ICMP6, 2, 0, v6, ICMPNone},
		{"of this machine", unix.SO_EE_ORIGIN_LOCAL, 3, 1, v4, ICMPNone},
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
			got := parseExtendedErr(b)
			if got.ICMP != tt.want {
				t.Errorf("answer %d, want %d", got.ICMP, tt.want)
			}
			if got.ICMP != ICMPNone && (got.By != tt.by || got.Err != unix.EHOSTUNREACH) {
				t.Errorf("by %s, errno %v", got.By, got.Err)
			}
			for n := range b { // a short message is no answer, or the same one
				parseExtendedErr(b[:n])
			}
		})
	}
}

// TestAttribute tells the messages that this machine sends itself from those of others.
func TestAttribute(t *testing.T) {
	ours, far, near := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("127.0.0.9")
	for _, tt := range []struct {
		name   string
		answer ICMP
		by, to netip.Addr
		ours   bool
		want   Error // without the system's error
	}{
		{"a firewall here rejects", ICMPPort, ours, far, true, Error{Local: true, ICMP: ICMPPort, By: ours}},
		{"a firewall here prohibits", ICMPProhibited, ours, far, true, Error{Local: true, ICMP: ICMPProhibited, By: ours}},
		{"a port of this machine is closed", ICMPPort, ours, ours, true, Error{ICMP: ICMPPort, By: ours}},
		{"a firewall here prohibits a port of its own", ICMPProhibited, ours, ours, true, Error{Local: true, ICMP: ICMPProhibited, By: ours}},
		{"the gateway does not answer", ICMPUnreachable, ours, far, true, Error{Local: true, ICMP: ICMPUnreachable, By: ours}},
		{"a neighbour does not answer", ICMPUnreachable, ours, near, true, Error{ICMP: ICMPUnreachable}},
		{"a router rejects", ICMPPort, near, far, false, Error{ICMP: ICMPPort, By: near}},
		{"a router knows no way", ICMPUnreachable, near, far, false, Error{ICMP: ICMPUnreachable, By: near}},
	} {
		tt.want.Err = unix.EHOSTUNREACH
		got := Error{Err: unix.EHOSTUNREACH, ICMP: tt.answer, By: tt.by}
		if got.attribute(tt.to, tt.ours); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}
