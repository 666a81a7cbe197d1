// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package probe

import "net/netip"

// systemSmallDial returns none: without TCP_INFO nobody asks for it.
func systemSmallDial(netip.Addr) smallDial { return nil }
