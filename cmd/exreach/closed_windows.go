// SPDX-License-Identifier: Apache-2.0

// Not in probe/socket: it asks about the files that the command was given.

package main

import "os"

// wasClosed reports whether stdout was closed when the program began. Windows says
// so when something is written.
func wasClosed(_, _, _ *os.File) bool { return false }
