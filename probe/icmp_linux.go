// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"encoding/binary"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// extendedErrSize is the size of struct sock_extended_err (linux/errqueue.h);
// the offender's socket address follows it.
const extendedErrSize = 16

// readICMP takes the ICMP errors off the socket's queue and returns the first
// one that ends a connect, who sent it, and the errno the kernel made of it.
func readICMP(fd int, to netip.Addr) (icmpAnswer, netip.Addr, syscall.Errno) {
	control := make([]byte, 512)
	for {
		_, n, _, _, err := unix.Recvmsg(fd, nil, control, unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
		if err != nil {
			return icmpNone, netip.Addr{}, 0
		}
		messages, err := unix.ParseSocketControlMessage(control[:n])
		if err != nil {
			return icmpNone, netip.Addr{}, 0
		}
		for _, m := range messages {
			if answer, by, errno := parseExtendedErr(m.Data); answer != icmpNone {
				return answer, by.WithZone(to.Zone()), errno
			}
		}
	}
}

// parseExtendedErr reads a struct sock_extended_err and the address behind it.
func parseExtendedErr(b []byte) (icmpAnswer, netip.Addr, syscall.Errno) {
	if len(b) < extendedErrSize {
		return icmpNone, netip.Addr{}, 0
	}
	errno := syscall.Errno(binary.NativeEndian.Uint32(b))
	origin, kind, code := b[4], b[5], b[6]
	by := offender(b[extendedErrSize:])
	switch origin {
	case unix.SO_EE_ORIGIN_ICMP:
		return icmp4Answer(kind, code), by, errno
	case unix.SO_EE_ORIGIN_ICMP6:
		return icmp6Answer(kind, code), by, errno
	}
	return icmpNone, netip.Addr{}, 0
}

// offender reads a struct sockaddr_in or sockaddr_in6.
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
func icmp4Answer(kind, code byte) icmpAnswer {
	const unreachable, timeExceeded = 3, 11
	switch {
	case kind == timeExceeded:
		return icmpExceeded
	case kind != unreachable || code == 4:
		return icmpNone
	case code == 3:
		return icmpPort
	case code == 9 || code == 10 || code == 13:
		return icmpProhibited
	}
	return icmpUnreachable
}

// icmp6Answer tells what an ICMPv6 message means (RFC 4443 section 3).
func icmp6Answer(kind, code byte) icmpAnswer {
	const unreachable, timeExceeded = 1, 3
	switch {
	case kind == timeExceeded:
		return icmpExceeded
	case kind != unreachable:
		return icmpNone
	case code == 4:
		return icmpPort
	case code == 1 || code == 5 || code == 6:
		return icmpProhibited
	}
	return icmpUnreachable
}
