// SPDX-License-Identifier: Apache-2.0

//go:build unix

package socket

import (
	"context"
	"math"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// Descriptors is how many files and sockets this process may have open.
func Descriptors() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}

// RefusalTakes is how long a refused connect may take for the system alone: a
// reset ends it at once.
func RefusalTakes() time.Duration { return 0 }

// foundAs is the name that the system found for a host; "" where it does not say.
func foundAs(ctx context.Context, host string) string {
	name, err := net.DefaultResolver.LookupCNAME(ctx, host)
	if err != nil {
		return ""
	}
	return name
}
