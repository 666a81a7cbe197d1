// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// soExclusiveAddrUse is SO_EXCLUSIVEADDRUSE (winsock2.h).
const soExclusiveAddrUse = ^windows.SO_REUSEADDR

// beforeListen has the system deny a port of which another program has all addresses, or one.
// Without it Windows lets both have it (Microsoft, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").
func beforeListen(_, _ string, raw syscall.RawConn) error {
	var err error
	controlled := raw.Control(func(fd uintptr) {
		err = windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, soExclusiveAddrUse, 1)
	})
	if controlled != nil {
		return controlled
	}
	return os.NewSyscallError("setsockopt", err)
}
