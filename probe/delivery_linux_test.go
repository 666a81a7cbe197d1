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

// TestHeld wants a server that accepts and says nothing told as one that hangs,
// before and after it was asked.
func TestHeld(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := socket.Dialer(netip.Addr{})(t.Context(), catalog.TCP, l.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	leash := newLeash(conn, time.Time{})
	defer leash.Close()
	if got := leash.delivery(); got != Held {
		t.Errorf("before it is asked: %q", got)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if _, err := leash.Write([]byte("EHLO\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := far.Read(make([]byte, 64)); err != nil {
		t.Fatal(err)
	}
	if got := leash.delivery(); got != Held {
		t.Errorf("after it was asked: %q", got)
	}
}
