// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about files, not sockets.

package files

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// An Owner is the user and the group that a file belongs to; Windows has no numbers for
// them.
type Owner struct{ User, Group int }

// OwnerOf always returns false on Windows.
func OwnerOf(fs.FileInfo) (Owner, bool) { return Owner{}, false }

// inUse are the errors of a rename while a virus scanner, an indexer or a reader has one
// of the two files open.
var inUse = []error{windows.ERROR_SHARING_VIOLATION, windows.ERROR_LOCK_VIOLATION, windows.ERROR_ACCESS_DENIED}

// If a program has the file open for a moment, rename waits for it.
const (
	renameTries = 20
	renamePause = 100 * time.Millisecond
)

// rename gives the file from the name to. It replaces a file that has that name already.
func rename(from, to string) (err error) {
	for range renameTries {
		err = os.Rename(from, to)
		if err == nil || !isInUse(err) {
			return err
		}
		time.Sleep(renamePause)
	}
	return err
}

func isInUse(err error) bool {
	for _, known := range inUse {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}
