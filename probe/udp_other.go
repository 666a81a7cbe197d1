// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package probe

import (
	"net"
	"net/netip"
)

// hearICMP can do nothing here: only Linux tells an unprivileged process who
// sent an ICMP message.
func hearICMP(*net.UDPConn, netip.Addr) {}

func whoSaid(_ *net.UDPConn, err error) *dialError { return &dialError{err: err} }
