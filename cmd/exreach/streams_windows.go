// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about the standard streams and the user's terminal.

package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// showsColour reports whether the terminal f understands colour sequences. The
// console of Windows 10 and later does once it is asked to.
func showsColour(f *os.File) bool {
	console, mode := windows.Handle(f.Fd()), uint32(0)
	if windows.GetConsoleMode(console, &mode) != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// wasClosed reports whether stdout was closed when the program began. On Windows the
// first write fails then, so there is nothing to find out.
func wasClosed(_, _, _ *os.File) bool { return false }
