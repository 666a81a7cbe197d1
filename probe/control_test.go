// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"exreach/catalog"
	"exreach/probe/socket"
)

// TestControlAskedLast wants a device found out that begins to answer everything
// once a source has opened some connections, as intrusion prevention systems do
// (https://github.com/nmap/nmap/issues/1904, https://github.com/resyncgg/armada/issues/17).
func TestControlAskedLast(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	for _, tt := range []struct {
		name   string
		gentle bool
		after  int // connects; 0 is never
		want   Verdict
	}{
		{"never", false, 0, Refused},
		{"midway", false, 9, Answered},
		{"gentle, never", true, 0, Refused},
		{"gentle, midway", true, 9, Answered},
		{"gentle, late", true, 16, Answered},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				connects := 0
				network := &fakeNet{serve: func(addr netip.AddrPort, _ int) (func(net.Conn), error) {
					mu.Lock()
					defer mu.Unlock()
					connects++
					switch {
					case tt.after > 0 && connects > tt.after:
						return silentServer, nil
					case addr.Port()%2 == 1:
						return nil, refusal
					}
					return smtpServer, nil
				}}
				plan := catalog.WithControls(twenty("192.0.2.1"))
				slices.Reverse(plan) // the control comes first
				results := collect(t.Context(), &Pool{Dial: network.dial, Shared: &Shared{Gentle: tt.gentle}}, plan...)
				i := slices.IndexFunc(results, func(r Result) bool { return r.Check.IsControl() })
				if got := results[i]; got.Verdict != tt.want {
					t.Errorf("the control port is %s (%s), want %s", got.Verdict, got.Detail, tt.want)
				}
			})
		})
	}
}

// TestControlFewPlaces wants the control port not to wait for checks that wait for
// its place.
func TestControlFewPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(silentServer)}
		dial := func(ctx context.Context, n catalog.Network, addr netip.AddrPort) (net.Conn, error) {
			if addr.Port() > 1000 {
				return nil, errnoOf(t, socket.Refused)
			}
			return network.dial(ctx, n, addr)
		}
		plan := catalog.WithControls(twenty("192.0.2.1"))
		slices.Reverse(plan)
		if n := len(collect(t.Context(), &Pool{Dial: dial, Shared: &Shared{Limit: 1}}, plan...)); n != len(plan) {
			t.Errorf("%d results, want %d", n, len(plan))
		}
	})
}
