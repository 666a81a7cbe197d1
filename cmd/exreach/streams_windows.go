// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about the standard streams and the user's terminal.

package main

import (
	"os"
	"unsafe"

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

// ownsConsole reports whether no other program uses the console: a double-click opened it,
// and it closes when exreach ends.
func ownsConsole() bool {
	// https://learn.microsoft.com/en-us/windows/console/getconsoleprocesslist
	list := windows.NewLazySystemDLL("kernel32.dll").NewProc("GetConsoleProcessList")
	if list.Find() != nil {
		return false
	}
	var processes [2]uint32
	n, _, _ := list.Call(uintptr(unsafe.Pointer(&processes[0])), uintptr(len(processes)))
	return n == 1
}
