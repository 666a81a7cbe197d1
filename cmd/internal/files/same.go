// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// SameFile reports whether two paths lead to one file, which need not exist yet: through
// another spelling, a link, or other capitals on a system that does not tell them apart. The
// null device, which keeps nothing, is never the same.
func SameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	switch {
	case errA == nil && errB == nil:
		return !isNull(a, infoA) && os.SameFile(infoA, infoB)
	case errors.Is(errA, fs.ErrNotExist) && errors.Is(errB, fs.ErrNotExist):
		return sameNew(dangling(a), dangling(b))
	}
	return false
}

// sameNew reports whether two paths without a file are one.
func sameNew(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	if errA != nil || errB != nil || !sameName(filepath.Base(a), filepath.Base(b), runtime.GOOS) {
		return false
	}
	folderA, errA := os.Stat(filepath.Dir(a))
	folderB, errB := os.Stat(filepath.Dir(b))
	return errA == nil && errB == nil && os.SameFile(folderA, folderB)
}

// sameName reports whether two names in a folder are one by the usual rules of a system.
func sameName(a, b, system string) bool {
	if system == "windows" || system == "darwin" {
		return strings.EqualFold(a, b)
	}
	return a == b
}

// IsAt reports whether a stream, such as stdout, is the file that path leads to.
func IsAt(stream any, path string) bool {
	if w, ok := stream.(*ErrWriter); ok {
		stream = w.Writer
	}
	f, ok := stream.(*os.File)
	if !ok {
		return false
	}
	is, err := f.Stat()
	at, unknown := os.Stat(path)
	return err == nil && unknown == nil && !isNull(path, at) && os.SameFile(is, at)
}

// isNull reports whether a path leads to the null device.
func isNull(path string, at fs.FileInfo) bool {
	null, err := os.Stat(os.DevNull)
	isNamed := strings.EqualFold(filepath.Base(path), filepath.Base(os.DevNull))
	return at.Mode()&fs.ModeDevice != 0 && (isNamed || err == nil && os.SameFile(null, at))
}
