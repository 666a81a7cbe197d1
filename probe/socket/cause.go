// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// A Cause is what an error of the operating system means, whatever number this
// system gives it.
type Cause int

// The causes.
const (
	NoCause       Cause = iota // the error is not from the system, or its meaning is not known
	Refused                    // the peer said no
	Reset                      // the peer hung up
	TimedOut                   // the system gave up waiting
	Unreachable                // no way to the host
	NoRoute                    // this machine has no route
	InterfaceDown              // this machine's interface is down
	NoFamily                   // this machine does not speak IPv6, or IPv4
	NoAddress                  // no source address: none is free, or it is not this machine's
	Denied                     // this machine's firewall or policy
	NoDescriptors              // this machine is out of descriptors
	NoMemory                   // this machine is out of buffers or memory
	NoPorts                    // this machine is out of source ports
)

// CauseOf returns what the system error inside err means.
func CauseOf(err error) Cause {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return causes[errno]
	}
	return NoCause
}

// IsTimeout reports whether err says that a deadline has passed, ours or the system's.
func IsTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}
