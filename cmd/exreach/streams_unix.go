// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about the standard streams and the user's terminal.

//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// wasClosed reports whether a shell closed stdout when it started the program (>&-). Go's
// runtime then opens /dev/null instead, to read and write, and every write would seem
// to succeed. A shell's redirection to /dev/null opens it only to write. Other programs
// open it to read and write, too, such as Python's subprocess.DEVNULL: they, and daemons,
// whose streams all lead there, want no output, and nothing is wrong.
func wasClosed(stdin, stdout, stderr *os.File) bool {
	return isOpenedNull(stdout) && !(isOpenedNull(stdin) && isOpenedNull(stderr)) && mayClose(os.Getppid())
}

var shellNames = []string{"sh", "bash", "dash", "ash", "busybox", "ksh", "mksh", "zsh", "fish"}

// mayClose reports whether exreach, which a process started, may have begun with a closed
// stdout: the process has none itself (timeout, sudo), or it is a shell and has another than
// /dev/null. If the system does not tell, as only Linux does, it may be.
func mayClose(process int) bool {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", process)) // of a script, its interpreter
	if err != nil {
		return true
	}
	own, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/1", process))
	if err != nil {
		return true
	}
	return slices.Contains(shellNames, filepath.Base(program)) && own != os.DevNull
}

// isOpenedNull reports whether a file is /dev/null, opened to read and write.
func isOpenedNull(f *os.File) bool {
	var file, null unix.Stat_t
	if unix.Fstat(int(f.Fd()), &file) != nil || unix.Stat(os.DevNull, &null) != nil || file.Rdev != null.Rdev || file.Mode&unix.S_IFMT != unix.S_IFCHR {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}

// showsColour reports whether the terminal f understands colour sequences.
// Those of Unix do.
func showsColour(*os.File) bool { return true }

// ownsConsole reports whether the terminal closes when exreach ends. On Unix a program that
// is started without one gets none.
func ownsConsole() bool { return false }
