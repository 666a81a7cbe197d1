// SPDX-License-Identifier: Apache-2.0

//go:build unix

package probe

import "syscall"

// causes says what an errno of connect, read or write means. Only what the other
// side or the path can bring about is theirs.
var causes = map[syscall.Errno]cause{
	syscall.ECONNREFUSED: causeRefused,

	syscall.ECONNRESET:   causeReset,
	syscall.ECONNABORTED: causeReset,
	syscall.ENETRESET:    causeReset,
	syscall.EPIPE:        causeReset,
	syscall.ENOTCONN:     causeReset, // macOS: it was reset before anybody looked
	syscall.ESHUTDOWN:    causeReset,

	syscall.ETIMEDOUT: causeTimeout,

	syscall.EHOSTUNREACH: causeUnreachable,
	syscall.EHOSTDOWN:    causeUnreachable,
	syscall.ENOPROTOOPT:  causeUnreachable, // ICMP protocol unreachable
	syscall.EPROTO:       causeUnreachable, // ICMPv6 parameter problem

	syscall.ENETUNREACH: causeNoRoute,
	syscall.ENETDOWN:    causeDown,
	syscall.EINVAL:      causeNoRoute, // Linux: a route of the type blackhole

	syscall.EAFNOSUPPORT:    causeNoFamily,
	syscall.EPFNOSUPPORT:    causeNoFamily,
	syscall.EPROTONOSUPPORT: causeNoFamily,

	syscall.EADDRNOTAVAIL: causeNoAddress,

	syscall.EACCES: causeDenied,
	syscall.EPERM:  causeDenied,

	syscall.EMFILE: causeDescriptors,
	syscall.ENFILE: causeDescriptors,

	syscall.ENOBUFS: causeMemory,
	syscall.ENOMEM:  causeMemory,

	syscall.EADDRINUSE: causePorts,
	syscall.EAGAIN:     causePorts, // Linux: no source port is left for connect
}
