// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
)

// smallest is a maximum segment size that every path lets through: with the headers
// of IPv6 and TCP's timestamps a packet has 560 bytes (RFC 791 wants 576 of IPv4's
// hosts, RFC 8200 1280 of IPv6's links).
const smallest = 500

// systemSmallDial returns a dialer whose peers send small segments only
// (TCP_MAXSEG, tcp(7)).
func systemSmallDial(source netip.Addr) smallDial {
	return func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		return dialSegments(ctx, source, addr, smallest)
	}
}
