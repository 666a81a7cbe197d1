// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about files, which no check has.

//go:build unix

package files

import (
	"io/fs"
	"os"
	"syscall"
)

// An Owner is whose a file is, by number.
type Owner struct{ User, Group int }

// OwnerOf is whose a file is, where the system has such a thing.
func OwnerOf(info fs.FileInfo) (Owner, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Owner{}, false
	}
	return Owner{int(stat.Uid), int(stat.Gid)}, true
}

// rename gives a file its name, in place of another that may be there.
func rename(from, to string) error { return os.Rename(from, to) }
