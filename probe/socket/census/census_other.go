// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !windows

package census

import (
	"net/netip"

	"exreach/catalog"
)

func eachTCP(func(row) bool) error { return ErrUnknown }

func holder(catalog.Network, netip.AddrPort) (program string, known bool) { return "", false }
