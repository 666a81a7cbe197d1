// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package probe

import (
	"context"
	"errors"
	"net/netip"
)

var errNoTrace = errors.New("this system tells an ordinary user nothing about the hops on a path")

// CanTrace says why this system cannot: only Linux tells an unprivileged process
// who sent an ICMP message.
func CanTrace() error { return errNoTrace }

func askHop(context.Context, netip.Addr, Target, int) reply {
	return reply{said: SaidNothing, err: errNoTrace}
}
