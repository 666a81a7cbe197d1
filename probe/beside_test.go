// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"exreach/probe/protocol"
)

// greetingAfter is a server that takes so long to greet, if anybody is still there.
func greetingAfter(delay time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		_ = c.SetReadDeadline(time.Now().Add(delay))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			return
		}
		_ = c.SetReadDeadline(time.Time{})
		smtpServer(c)
	}
}

// TestOverdue wants a peer that says nothing to be asked again beside the first
// connection, which goes on: whoever answers first is believed.
func TestOverdue(t *testing.T) {
	full := func(c net.Conn) { sayingServer("421 4.3.2 too many connections\r\n")(c) }
	each := func(conns ...func(net.Conn)) func(netip.AddrPort, int) (func(net.Conn), error) {
		return func(_ netip.AddrPort, try int) (func(net.Conn), error) { return conns[min(try, len(conns))-1], nil }
	}
	tests := []struct {
		name    string
		pool    Pool
		serve   func(netip.AddrPort, int) (func(net.Conn), error)
		verdict Verdict
		refused bool
		took    time.Duration
		tries   int
	}{
		{"in time", Pool{}, each(greetingAfter(400 * time.Millisecond)), Answered, false, 400 * time.Millisecond, 1},
		{"the first is lost", Pool{}, each(silentServer, smtpServer), Answered, false, 500 * time.Millisecond, 2},
		{"both are slow", Pool{}, each(greetingAfter(2 * time.Second)), Answered, false, 2 * time.Second, 2},
		{"the second is dropped", Pool{}, each(greetingAfter(2*time.Second), nil), Answered, false, 2 * time.Second, 7},
		{"the second is one too many", Pool{}, each(greetingAfter(2*time.Second), full), Answered, false, 2 * time.Second, 2},
		{"the first is lost, and the second one too many", Pool{}, each(silentServer, full), Answered, true, 20 * time.Second, 2},
		{"both are lost", Pool{}, always(silentServer), Silent, false, 20 * time.Second, 2},
		{"gentle", Pool{Gentle: true}, each(silentServer, smtpServer), Silent, false, 20 * time.Second, 1},
		{"one conversation at a time", Pool{PerHost: 1}, each(silentServer, smtpServer), Silent, false, 20 * time.Second, 2},
		{"a password", Pool{Credentials: &protocol.Credentials{User: "anna", Password: protocol.NewSecret("secret")}}, each(silentServer, smtpServer), Silent, false, 20 * time.Second, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: tt.serve}
				tt.pool.Dial = network.dial
				res := collect(t.Context(), &tt.pool, smtpCheck("192.0.2.1", 25))[0]
				refused := res.Peer != nil && res.Peer.Refusal != ""
				if res.Verdict != tt.verdict || refused != tt.refused || res.Took != tt.took || res.Tries != tt.tries {
					t.Errorf("%s (refused: %t) in %s after %d tries, want %s (%t) in %s after %d: %s",
						res.Verdict, refused, res.Took, res.Tries, tt.verdict, tt.refused, tt.took, tt.tries, res.Detail)
				}
				if network.open != 0 {
					t.Errorf("%d connections left open", network.open)
				}
			})
		})
	}
}
