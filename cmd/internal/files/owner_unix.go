// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about files, not sockets.

//go:build unix

package files

import (
	"io/fs"
	"os"
	"syscall"
)

// An Owner is the user and the group that a file belongs to, by number.
type Owner struct{ User, Group int }

// OwnerOf is the owner of a file; false if the system does not say.
func OwnerOf(info fs.FileInfo) (Owner, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Owner{}, false
	}
	return Owner{int(stat.Uid), int(stat.Gid)}, true
}

// rename gives the file from the name to. It replaces a file that has that name already.
func rename(from, to string) error { return os.Rename(from, to) }
