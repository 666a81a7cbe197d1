// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// hearICMP makes the socket keep ICMP errors with their senders (ip(7), ipv6(7)).
// Without it only port unreachable would show.
func hearICMP(conn *net.UDPConn, to netip.Addr) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		level, option := recvErr(to)
		_ = unix.SetsockoptInt(int(fd), level, option, 1)
	})
}

// whoSaid looks for the ICMP message behind an error of the socket.
func whoSaid(conn *net.UDPConn, err error) *dialError {
	e := &dialError{err: err}
	raw, rawErr := conn.SyscallConn()
	if rawErr != nil {
		return e
	}
	_ = raw.Control(func(fd uintptr) {
		e.icmp, e.by, _ = readICMP(int(fd), netip.Addr{})
		e.local = e.icmp == icmpProhibited && isLocal(int(fd), e.by)
	})
	return e
}
