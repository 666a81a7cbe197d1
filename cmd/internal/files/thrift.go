// SPDX-License-Identifier: Apache-2.0

package files

import (
	"io"
	"os"
	"runtime/debug"
)

// thrift is how far the heap grows beyond what is in use while the whole of a long
// file is kept, in per cent (GOGC): memory is what there is least of then.
const thrift = 40

// long is from which size on a file is worth that, in bytes: the garbage collector
// stops the program for a moment to change its pace.
const long = 256 << 10

// SaveMemory trades time for memory until stop is called, where all of a long file is
// about to be kept. A pipe may be of any length.
func SaveMemory(from io.Reader) (stop func()) {
	if f, ok := from.(*os.File); ok {
		if about, err := f.Stat(); err == nil && about.Mode().IsRegular() && about.Size() < long {
			return func() {}
		}
	}
	before := debug.SetGCPercent(thrift)
	return func() { debug.SetGCPercent(before) }
}
