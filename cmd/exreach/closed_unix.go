// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it asks about the files that the command was given.

//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// wasClosed reports whether stdout was closed when the program began (>&-). Go's
// runtime opens /dev/null in its place, to read and to write, so that everything
// would seem to be written. Who sends the output there by a shell has it opened to
// write; where the other two are the same, it is how a daemon begins.
func wasClosed(stdin, stdout, stderr *os.File) bool {
	return isOpenedNull(stdout) && !(isOpenedNull(stdin) && isOpenedNull(stderr))
}

// isOpenedNull reports whether a file is /dev/null, to read and to write.
func isOpenedNull(f *os.File) bool {
	var file, null unix.Stat_t
	if unix.Fstat(int(f.Fd()), &file) != nil || unix.Stat(os.DevNull, &null) != nil || file.Rdev != null.Rdev || file.Mode&unix.S_IFMT != unix.S_IFCHR {
		return false
	}
	flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_ACCMODE == unix.O_RDWR
}
