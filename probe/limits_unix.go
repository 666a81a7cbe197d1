// SPDX-License-Identifier: Apache-2.0

//go:build unix

package probe

import (
	"math"

	"golang.org/x/sys/unix"
)

// descriptors is how many files and sockets this process may have open.
func descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}
