// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package socket

import (
	"net"
	"net/netip"
)

// A Back is the way back of a datagram, which the system alone chooses here.
type Back struct{}

// KnowBack does nothing here.
func KnowBack(*net.UDPConn) {}

// Receive reads a datagram.
func Receive(conn *net.UDPConn, b []byte) (n int, from netip.AddrPort, back Back, err error) {
	n, from, err = conn.ReadFromUDPAddrPort(b)
	return n, from, Back{}, err
}

// Answer sends a datagram to where another came from.
func (Back) Answer(conn *net.UDPConn, b []byte, to netip.AddrPort) (int, error) {
	return conn.WriteToUDPAddrPort(b, to)
}
