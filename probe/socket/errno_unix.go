// SPDX-License-Identifier: Apache-2.0

//go:build unix

package socket

import "syscall"

// causes says what an errno of connect, read or write means. It blames the peer or the
// path only for what they can bring about.
var causes = map[syscall.Errno]Cause{
	syscall.ECONNREFUSED: Refused,

	syscall.ECONNRESET:   Reset,
	syscall.ECONNABORTED: Reset,
	syscall.ENETRESET:    Reset,
	syscall.EPIPE:        Reset,
	syscall.ENOTCONN:     Reset, // macOS: it was reset before it was read
	syscall.ESHUTDOWN:    Reset,

	syscall.ETIMEDOUT: TimedOut,

	syscall.EHOSTUNREACH: Unreachable,
	syscall.EHOSTDOWN:    Unreachable,
	syscall.ENOPROTOOPT:  Unreachable, // ICMP protocol unreachable
	syscall.EPROTO:       Unreachable, // ICMPv6 parameter problem

	syscall.ENETUNREACH: NoRoute,
	syscall.ENETDOWN:    InterfaceDown,
	syscall.EINVAL:      NoRoute, // Linux: a route of the type blackhole

	syscall.EAFNOSUPPORT:    NoFamily,
	syscall.EPFNOSUPPORT:    NoFamily,
	syscall.EPROTONOSUPPORT: NoFamily,

	syscall.EADDRNOTAVAIL: NoAddress,

	syscall.EACCES: Denied,
	syscall.EPERM:  Denied,

	syscall.EMFILE: NoDescriptors,
	syscall.ENFILE: NoDescriptors,

	syscall.ENOBUFS: NoMemory,
	syscall.ENOMEM:  NoMemory,

	syscall.EADDRINUSE: NoPorts,
	syscall.EAGAIN:     NoPorts, // Linux: no source port is left for connect
}
