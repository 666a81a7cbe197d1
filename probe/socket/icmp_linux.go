// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// extendedErrSize is the size of struct sock_extended_err (linux/errqueue.h);
// the offender's socket address follows it.
const extendedErrSize = 16

// readICMP takes ICMP errors off the socket's queue and returns the first one that
// ends a connect, with the errno that the kernel made of it; nil where there is none.
func readICMP(fd int, to netip.Addr) *Error {
	control := make([]byte, 512)
	for {
		_, n, _, _, err := unix.Recvmsg(fd, nil, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return nil
		}
		messages, err := unix.ParseSocketControlMessage(control[:n])
		if err != nil {
			return nil
		}
		for _, m := range messages {
			if e := parseExtendedErr(m.Data); e.ICMP != ICMPNone {
				e.By = e.By.WithZone(to.Zone())
				return &e
			}
		}
	}
}

// parseExtendedErr reads a struct sock_extended_err and the address behind it.
func parseExtendedErr(b []byte) Error {
	if len(b) < extendedErrSize {
		return Error{}
	}
	e := Error{Err: syscall.Errno(binary.NativeEndian.Uint32(b)), By: offender(b[extendedErrSize:])}
	switch origin, kind, code := b[4], b[5], b[6]; origin {
	case unix.SO_EE_ORIGIN_ICMP:
		e.ICMP = icmp4Answer(kind, code)
	case unix.SO_EE_ORIGIN_ICMP6:
		e.ICMP = icmp6Answer(kind, code)
	}
	return e
}

// offender reads the sender of an ICMP message: a struct sockaddr_in or sockaddr_in6.
func offender(b []byte) netip.Addr {
	if len(b) < 8 {
		return netip.Addr{}
	}
	switch binary.NativeEndian.Uint16(b) {
	case unix.AF_INET:
		return netip.AddrFrom4([4]byte(b[4:8]))
	case unix.AF_INET6:
		if len(b) >= 24 {
			return netip.AddrFrom16([16]byte(b[8:24]))
		}
	}
	return netip.Addr{}
}

// icmp4Answer tells what an ICMP message means (RFC 792, RFC 1812 section
// 5.2.7.1). Fragmentation needed ends no connect.
func icmp4Answer(kind, code byte) ICMP {
	const unreachable, timeExceeded = 3, 11
	switch {
	case kind == timeExceeded:
		return ICMPExceeded
	case kind != unreachable || code == 4:
		return ICMPNone
	case code == 3:
		return ICMPPort
	case code == 9 || code == 10 || code == 13:
		return ICMPProhibited
	}
	return ICMPUnreachable
}

// icmp6Answer tells what an ICMPv6 message means (RFC 4443 section 3).
func icmp6Answer(kind, code byte) ICMP {
	const unreachable, timeExceeded = 1, 3
	switch {
	case kind == timeExceeded:
		return ICMPExceeded
	case kind != unreachable:
		return ICMPNone
	case code == 4:
		return ICMPPort
	case code == 1 || code == 5 || code == 6:
		return ICMPProhibited
	}
	return ICMPUnreachable
}

// hearICMP makes the socket keep ICMP errors with their senders (ip(7), ipv6(7)).
// Without it only port unreachable would show.
func hearICMP(conn *net.UDPConn, to netip.Addr) {
	level, option := recvErr(to)
	_ = onSocket(conn, func(fd int) error { return unix.SetsockoptInt(fd, level, option, 1) })
}

// whoSaid wraps an error of the socket, and adds the ICMP message behind it if one came.
func whoSaid(conn *net.UDPConn, err error) *Error {
	e := &Error{Err: err}
	_ = onSocket(conn, func(fd int) error {
		if said := readICMP(fd, netip.Addr{}); said != nil {
			e.ICMP, e.By = said.ICMP, said.By
			e.Local = e.ICMP == ICMPProhibited && isLocal(fd, e.By)
		}
		return nil
	})
	return e
}
