// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package probe

import (
	"context"
	"net"
	"net/netip"
)

// dialTCP connects with the standard library. Only Linux tells an unprivileged
// process who sent an ICMP answer.
func dialTCP(ctx context.Context, source netip.Addr, addr netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Control: beforeConnect}
	if source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := d.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, &dialError{err: err, local: causeOf(err) == causeNoRoute}
	}
	return conn, nil
}
