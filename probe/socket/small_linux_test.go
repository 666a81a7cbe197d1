// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"net"
	"net/netip"
	"testing"
)

// TestSmallSegments wants a peer to send no more at a time than was asked for.
func TestSmallSegments(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	conn, err := SmallDialer(netip.Addr{})(t.Context(), l.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	if _, err := far.Write(make([]byte, 4*smallest)); err != nil {
		t.Fatal(err)
	}
	for left := 4 * smallest; left > 0; {
		n, err := conn.Read(make([]byte, 4*smallest))
		if err != nil {
			t.Fatal(err)
		}
		left -= n
	}
	if state, known := TCPStateOf(conn); !known || state.Data < 4 {
		t.Errorf("%d segments brought 4 times %d bytes", state.Data, smallest)
	}
}
