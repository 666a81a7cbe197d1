// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
)

// systemSmallDial returns a dialer whose peers send small segments only
// (TCP_MAXSEG, tcp(7)).
func systemSmallDial(source netip.Addr) smallDial {
	return func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		return dialSegments(ctx, source, addr, smallest)
	}
}
