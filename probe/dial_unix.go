// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !windows

package probe

import (
	"syscall"
	"time"
)

// beforeConnect is a net.Dialer's Control; there is nothing to set here.
func beforeConnect(string, string, syscall.RawConn) error { return nil }

// refusalTakes is how long a refused connect may take for the system alone: a
// reset ends it at once.
func refusalTakes() time.Duration { return 0 }
