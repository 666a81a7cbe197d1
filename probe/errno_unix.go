// SPDX-License-Identifier: Apache-2.0

//go:build unix

package probe

import "syscall"

// causes says what an errno of connect, read or write means.
var causes = map[syscall.Errno]cause{
	syscall.ECONNREFUSED:  causeRefused,
	syscall.ECONNRESET:    causeReset,
	syscall.ECONNABORTED:  causeReset,
	syscall.EPIPE:         causeReset,
	syscall.ETIMEDOUT:     causeTimeout,
	syscall.EHOSTUNREACH:  causeUnreachable,
	syscall.EHOSTDOWN:     causeUnreachable,
	syscall.ENETUNREACH:   causeNoRoute,
	syscall.ENETDOWN:      causeNoRoute,
	syscall.EACCES:        causeDenied,
	syscall.EPERM:         causeDenied,
	syscall.EMFILE:        causeShortage,
	syscall.ENFILE:        causeShortage,
	syscall.ENOBUFS:       causeShortage,
	syscall.ENOMEM:        causeShortage,
	syscall.EADDRINUSE:    causeShortage,
	syscall.EADDRNOTAVAIL: causeShortage,
	syscall.EAGAIN:        causeShortage, // Linux: no source port is left for connect
	syscall.EAFNOSUPPORT:  causeNoRoute,  // no IPv6 here, say
}
