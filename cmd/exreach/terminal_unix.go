// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it is about the terminal, which only the command knows.

//go:build !windows

package main

import "os"

// showsColour reports whether the terminal f understands colour sequences.
// Those of Unix do.
func showsColour(*os.File) bool { return true }
