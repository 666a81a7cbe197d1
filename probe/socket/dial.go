// SPDX-License-Identifier: Apache-2.0

// Package socket hides the operating system: how to connect, what the system's errors and
// ICMP messages mean, what it knows of a connection, and what this machine can do at
// all. The files about sockets that are for one system only are all here, so nothing
// above needs to ask which one it runs on. What an outcome says of a port is not here:
// package probe judges. Of this project's packages it may import catalog alone.
package socket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"exreach/catalog"
)

// An Error says why a connection did not come about. Errors of connecting
// have a type of their own because the same time-out means "no reply" here and
// "silent" later.
type Error struct {
	Err   error
	Local bool       // this machine refused before anything was sent
	ICMP  ICMP       // what an ICMP message said; ICMPNone where none came
	By    netip.Addr // who sent it; the zero Addr where that is not known

	From netip.AddrPort // this machine's end of the connect; invalid where that is not known
}

// LocalOf returns this machine's end of the connect that failed with err; the zero AddrPort
// if it is not known.
func LocalOf(err error) netip.AddrPort {
	var failed *Error
	if !errors.As(err, &failed) {
		return netip.AddrPort{}
	}
	return failed.From
}

func (e *Error) Error() string {
	if call := new(*os.SyscallError); errors.As(e.Err, call) { // which names the call
		return (*call).Error()
	}
	return fmt.Sprintf("connect: %v", e.Err)
}
func (e *Error) Unwrap() error { return e.Err }

// An ICMP is what a Destination Unreachable or Time Exceeded message means
// for a connection (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1,
// RFC 4443 section 3).
type ICMP int

// The messages.
const (
	ICMPNone ICMP = iota
	ICMPUnreachable
	ICMPPort
	ICMPProhibited
	ICMPExceeded // the hop limit ran out on the way: a loop, unless a trace set it
)

// ErrFamily says that the source address is of one family and the address of the other.
var ErrFamily = errors.New("the source address and this address are not of one family (IPv4, IPv6)")

// Dialer returns the dialer of this system, which also hears ICMP where the system lets
// it. It connects from source; the zero Addr leaves that to the system. Its errors are
// of type *Error.
func Dialer(source netip.Addr) func(context.Context, catalog.Network, netip.AddrPort) (net.Conn, error) {
	return func(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
		if source.IsValid() && source.Is4() != addr.Addr().Is4() {
			return nil, &Error{Err: ErrFamily, Local: true}
		}
		if network == catalog.UDP {
			return dialUDP(ctx, source, addr)
		}
		return dialTCP(ctx, source, addr)
	}
}

// A Target is a port of one address and how it is asked.
type Target struct {
	Network catalog.Network
	Addr    netip.AddrPort
	Payload []byte // the datagram over UDP; nil is an empty one
}
