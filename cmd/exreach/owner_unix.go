// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// An owner is whose a file is, by number.
type owner struct{ user, group int }

// ownerOf is whose a file is, where the system has such a thing.
func ownerOf(info fs.FileInfo) (owner, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{}, false
	}
	return owner{int(stat.Uid), int(stat.Gid)}, true
}

// rename gives a file its name, in place of another that may be there.
func rename(from, to string) error { return os.Rename(from, to) }
