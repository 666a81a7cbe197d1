// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// causes says what a Winsock error means (Windows Sockets Error Codes). The
// errno names of package syscall have invented values on Windows that no
// system call returns.
var causes = map[syscall.Errno]cause{
	windows.WSAECONNREFUSED:  causeRefused,
	windows.WSAECONNRESET:    causeReset,
	windows.WSAECONNABORTED:  causeReset,
	windows.WSAENETRESET:     causeReset,
	windows.WSAESHUTDOWN:     causeReset,
	windows.WSAETIMEDOUT:     causeTimeout,
	windows.WSAEHOSTUNREACH:  causeUnreachable,
	windows.WSAEHOSTDOWN:     causeUnreachable,
	windows.WSAENETUNREACH:   causeNoRoute,
	windows.WSAENETDOWN:      causeNoRoute,
	windows.WSAEACCES:        causeDenied,
	windows.WSAEMFILE:        causeShortage,
	windows.WSAENOBUFS:       causeShortage,
	windows.WSAEADDRINUSE:    causeShortage,
	windows.WSAEADDRNOTAVAIL: causeShortage,
	windows.WSAEAFNOSUPPORT:  causeNoRoute,

	// ConnectEx reports some of them under their Win32 names.
	windows.ERROR_CONNECTION_REFUSED:  causeRefused,
	windows.ERROR_PORT_UNREACHABLE:    causeRefused,
	windows.ERROR_NETNAME_DELETED:     causeReset,
	windows.ERROR_SEM_TIMEOUT:         causeTimeout,
	windows.ERROR_HOST_UNREACHABLE:    causeUnreachable,
	windows.ERROR_NETWORK_UNREACHABLE: causeNoRoute,
}
