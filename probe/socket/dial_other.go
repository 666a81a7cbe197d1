// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package socket

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

// dialTCP connects with the standard library. Only Linux shows an unprivileged
// process who sent an ICMP answer.
func dialTCP(ctx context.Context, source netip.Addr, addr netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Control: beforeConnect}
	if source.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := d.DialContext(ctx, "tcp", addr.String())
	if err != nil {
		return nil, &Error{Err: err, Local: CauseOf(err) == NoRoute}
	}
	return conn, nil
}

// hearICMP can do nothing here: only Linux shows an unprivileged process who
// sent an ICMP message.
func hearICMP(*net.UDPConn, netip.Addr) {}

// whoSaid cannot tell here, for the same reason.
func whoSaid(_ *net.UDPConn, err error) *Error { return &Error{Err: err} }

// SmallDialer returns nil here: without TCP_INFO nobody needs it.
func SmallDialer(netip.Addr) func(context.Context, netip.AddrPort) (net.Conn, error) { return nil }

// TCPStateOf can read nothing here: only Linux has the counters that tell silences
// apart.
func TCPStateOf(net.Conn) (state TCPState, known bool) { return TCPState{}, false }

var errNoTrace = errors.New("this system tells an ordinary user nothing about the hops on a path")

// CanTrace says why this system cannot trace: only Linux shows an unprivileged process
// who sent an ICMP message.
func CanTrace() error { return errNoTrace }

// AskHop fails here, as CanTrace says.
func AskHop(context.Context, netip.Addr, Target, int) (own bool, err error) {
	return false, errNoTrace
}
