// SPDX-License-Identifier: Apache-2.0

// Package rights tells whether this process may listen on the ports below 1024, how to grant
// that, and gives privileges up when they are no longer needed.
package rights

// LowPorts returns nil if this process may listen on every port below 1024, or an error that
// says why not.
func LowPorts() error { return nil }

// Grant tells how to let a program listen on low ports: a few lines to show.
func Grant(program string) string { return "" }

// Drop gives up this process's privileges for good. A root becomes the user given, or with
// an empty name the user who called sudo, or else nobody; became is the name of that user. It is empty, and nothing has changed, if the process has no
// privileges or the system has no such thing.
func Drop(user string) (became string, err error) { return "", nil }
