// SPDX-License-Identifier: Apache-2.0

package socket

import "net"

// Listening is how to open a port that must be this program's alone.
func Listening() *net.ListenConfig { return &net.ListenConfig{Control: beforeListen} }
