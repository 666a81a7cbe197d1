// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"exreach/catalog"
	"exreach/probe/socket"
)

// TestDoorOfEachNetwork wants UDP asked where TCP of the same port is closed:
// what is known of one says nothing of the other.
func TestDoorOfEachNetwork(t *testing.T) {
	refused := errnoOf(t, socket.Refused)
	p := &Pool{Shared: &Shared{Limit: 1}, Dial: func(_ context.Context, network catalog.Network, _ netip.AddrPort) (net.Conn, error) {
		if network == catalog.TCP {
			return nil, refused
		}
		near, _ := net.Pipe()
		return near, nil
	}}
	var checks []catalog.Check
	for _, network := range []catalog.Network{catalog.TCP, catalog.UDP} {
		c := smtpCheck("192.0.2.1", 53)
		c.Service.Network, c.Service.Protocol = network, "tcp"
		checks = append(checks, c)
	}
	for _, res := range collect(t.Context(), p, checks...) {
		want := map[catalog.Network]Verdict{catalog.TCP: Refused, catalog.UDP: Answered}[res.Check.Service.Network]
		if res.Verdict != want {
			t.Errorf("%s: %s, want %s", res.Check.Service.Network, res.Verdict, want)
		}
	}
}
