// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package probe

import (
	"context"
	"net"
)

// foundAs is the name that the system found for a host; "" where it does not say.
func foundAs(ctx context.Context, host string) string {
	name, err := net.DefaultResolver.LookupCNAME(ctx, host)
	if err != nil {
		return ""
	}
	return name
}
