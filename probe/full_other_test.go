// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package probe

import (
	"net/netip"
	"testing"
)

// fullListener needs a queue whose overflow drops SYNs, which is Linux's way.
func fullListener(t *testing.T) netip.AddrPort {
	t.Skip("only Linux drops SYNs to a full queue")
	return netip.AddrPort{}
}
