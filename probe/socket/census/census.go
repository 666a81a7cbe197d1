// SPDX-License-Identifier: Apache-2.0

// Package census asks the operating system which TCP connections it knows, half-open ones
// included, and which program holds a port. It asks as an ordinary user.
package census

import (
	"errors"
	"net/netip"

	"exreach/catalog"
)

// ErrUnknown says that this system does not tell.
var ErrUnknown = errors.New("this system does not tell which connections it has")

// A State is how far a connection has come, as this machine sees it.
type State int

// The states that matter to a listener.
const (
	Other       State = iota // any other state of a connection
	SynReceived              // a SYN came and was answered; the handshake is not complete
	Established              // the handshake is complete
)

// A Link is a TCP connection that the system knows.
type Link struct {
	Local, Remote netip.AddrPort // IPv4 addresses are never mapped into IPv6
	State         State
}

// Links returns the TCP connections whose local port ports accepts, half-open ones
// included. The error is ErrUnknown where the system does not tell.
func Links(ports func(uint16) bool) ([]Link, error) { return nil, ErrUnknown }

// Holder returns the name of the program that holds a port at an address of this machine.
func Holder(network catalog.Network, at netip.AddrPort) (program string, known bool) {
	return "", false
}
