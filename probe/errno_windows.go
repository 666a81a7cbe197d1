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
	windows.WSAECONNREFUSED: causeRefused,

	windows.WSAECONNRESET:   causeReset,
	windows.WSAECONNABORTED: causeReset,
	windows.WSAENETRESET:    causeReset,
	windows.WSAESHUTDOWN:    causeReset,
	windows.WSAENOTCONN:     causeReset,
	windows.WSAEDISCON:      causeReset,

	windows.WSAETIMEDOUT: causeTimeout,

	windows.WSAEHOSTUNREACH: causeUnreachable,
	windows.WSAEHOSTDOWN:    causeUnreachable,

	windows.WSAENETUNREACH: causeNoRoute,
	windows.WSAENETDOWN:    causeDown,

	windows.WSAEAFNOSUPPORT:    causeNoFamily,
	windows.WSAEPFNOSUPPORT:    causeNoFamily,
	windows.WSAEPROTONOSUPPORT: causeNoFamily,

	windows.WSAEADDRNOTAVAIL: causeNoAddress,

	windows.WSAEACCES: causeDenied,

	windows.WSAEMFILE: causeDescriptors,

	windows.WSAENOBUFS: causeMemory, // also where no source port is left

	windows.WSAEADDRINUSE: causePorts,

	// ConnectEx, WSARecv and WSASend report some of them under their Win32 names.
	windows.ERROR_CONNECTION_REFUSED:   causeRefused,
	windows.ERROR_PORT_UNREACHABLE:     causeRefused,
	windows.ERROR_NETNAME_DELETED:      causeReset,
	windows.ERROR_CONNECTION_ABORTED:   causeReset,
	windows.ERROR_BROKEN_PIPE:          causeReset,
	windows.ERROR_SEM_TIMEOUT:          causeTimeout,
	windows.ERROR_HOST_UNREACHABLE:     causeUnreachable,
	windows.ERROR_HOST_DOWN:            causeUnreachable,
	windows.ERROR_PROTOCOL_UNREACHABLE: causeUnreachable,
	windows.ERROR_NETWORK_UNREACHABLE:  causeNoRoute,
	windows.ERROR_ACCESS_DENIED:        causeDenied,
	windows.ERROR_TOO_MANY_OPEN_FILES:  causeDescriptors,
	windows.ERROR_NO_SYSTEM_RESOURCES:  causeMemory,
	windows.ERROR_NOT_ENOUGH_MEMORY:    causeMemory,
}
