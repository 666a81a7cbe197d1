// SPDX-License-Identifier: Apache-2.0

//go:build !linux && !windows

package socket

import "syscall"

// beforeConnect is a net.Dialer's Control; there is nothing to set here.
func beforeConnect(string, string, syscall.RawConn) error { return nil }
