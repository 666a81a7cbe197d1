// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestLostDatagram: a question that gets lost is sent again, and the conversation
// does not notice.
func TestLostDatagram(t *testing.T) {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		b := make([]byte, 64)
		for heard := 0; ; heard++ {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			if heard%2 == 1 { // every other one gets lost
				_, _ = server.WriteTo(b[:n], from)
			}
		}
	}()
	conn, err := dialUDP(t.Context(), netip.Addr{}, server.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, question := range []string{"", "first", "second"} {
		if _, err := conn.Write([]byte(question)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 64)
		if n, err := conn.Read(b); err != nil || string(b[:n]) != question {
			t.Fatalf("asked %q, and read %q, %v", question, b[:n], err)
		}
	}
	if sent := conn.(*DatagramConn).Sent; sent != 6 {
		t.Errorf("%d datagrams were sent, want each question twice", sent)
	}
}

// TestDatagramDeadline: a deadline that comes while an answer is waited for ends
// the waiting, and is no reply.
func TestDatagramDeadline(t *testing.T) {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	conn, err := dialUDP(t.Context(), netip.Addr{}, server.LocalAddr().(*net.UDPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("anybody?")); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(10*time.Millisecond, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	start := time.Now()
	_, err = conn.Read(make([]byte, 64))
	var dial *Error
	if !errors.As(err, &dial) || !IsTimeout(err) {
		t.Errorf("error %v, want a time-out of connecting", err)
	}
	if d := time.Since(start); d > resendAfter {
		t.Errorf("took %s", d)
	}
}
