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

// RefusalTakes is how long the system may hold a refusal back before it reports it: no
// time here, as a reset ends the connect at once.
func RefusalTakes() time.Duration { return 0 }

// foundAs is the full name under which the system found a host; "" where it does not say.
func foundAs(ctx context.Context, host string) string {
	name, err := net.DefaultResolver.LookupCNAME(ctx, host)
	if err != nil {
		return ""
	}
	return name
}
