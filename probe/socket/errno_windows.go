// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"syscall"

	"golang.org/x/sys/windows"
)

// causes says what a Winsock error means (Windows Sockets Error Codes). The
// errno names of package syscall have invented values on Windows that no
// system call returns.
var causes = map[syscall.Errno]Cause{
	windows.WSAECONNREFUSED: Refused,

	windows.WSAECONNRESET:   Reset,
	windows.WSAECONNABORTED: Reset,
	windows.WSAENETRESET:    Reset,
	windows.WSAESHUTDOWN:    Reset,
	windows.WSAENOTCONN:     Reset,
	windows.WSAEDISCON:      Reset,

	windows.WSAETIMEDOUT: TimedOut,

	windows.WSAEHOSTUNREACH: Unreachable,
	windows.WSAEHOSTDOWN:    Unreachable,

	windows.WSAENETUNREACH: NoRoute,
	windows.WSAENETDOWN:    InterfaceDown,

	windows.WSAEAFNOSUPPORT:    NoFamily,
	windows.WSAEPFNOSUPPORT:    NoFamily,
	windows.WSAEPROTONOSUPPORT: NoFamily,

	windows.WSAEADDRNOTAVAIL: NoAddress,

	windows.WSAEACCES: Denied,

	windows.WSAEMFILE: NoDescriptors,

	windows.WSAENOBUFS: NoMemory, // also where no source port is left

	windows.WSAEADDRINUSE: NoPorts,

	// ConnectEx, WSARecv and WSASend report some of them under their Win32 names.
	windows.ERROR_CONNECTION_REFUSED:   Refused,
	windows.ERROR_PORT_UNREACHABLE:     Refused,
	windows.ERROR_NETNAME_DELETED:      Reset,
	windows.ERROR_CONNECTION_ABORTED:   Reset,
	windows.ERROR_BROKEN_PIPE:          Reset,
	windows.ERROR_SEM_TIMEOUT:          TimedOut,
	windows.ERROR_HOST_UNREACHABLE:     Unreachable,
	windows.ERROR_HOST_DOWN:            Unreachable,
	windows.ERROR_PROTOCOL_UNREACHABLE: Unreachable,
	windows.ERROR_NETWORK_UNREACHABLE:  NoRoute,
	windows.ERROR_ACCESS_DENIED:        Denied,
	windows.ERROR_TOO_MANY_OPEN_FILES:  NoDescriptors,
	windows.ERROR_NO_SYSTEM_RESOURCES:  NoMemory,
	windows.ERROR_NOT_ENOUGH_MEMORY:    NoMemory,
}
