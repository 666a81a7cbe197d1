// SPDX-License-Identifier: Apache-2.0

package main

import "os"

// wasClosed reports whether stdout was closed when the program began. Windows says
// so when something is written.
func wasClosed(_, _, _ *os.File) bool { return false }
