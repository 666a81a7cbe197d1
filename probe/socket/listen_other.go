// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package socket

import "syscall"

// beforeListen has nothing to set here: the system gives a port to one program.
func beforeListen(string, string, syscall.RawConn) error { return nil }
