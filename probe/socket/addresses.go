// SPDX-License-Identifier: Apache-2.0

package socket

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"syscall"
)

// noLocalAddr holds the errors of connecting to a family that is switched off here:
// EADDRNOTAVAIL, and by its number WSAEADDRNOTAVAIL, which is the same on Windows;
// package syscall has an invented number there.
var noLocalAddr = []syscall.Errno{syscall.EADDRNOTAVAIL, 10049}

// noWayCauses are the causes that the routes of this machine give, without anything
// being sent: there is no route, or one of the types unreachable and prohibit
// (ip-route(8)), which VPN programs set for IPv6.
var noWayCauses = []Cause{NoRoute, Unreachable, Denied}

// WaysFrom returns a function that says what keeps this machine from an address: NoRoute,
// or NoFamily; NoCause where it has a way from source, or from any address where source
// is the zero Addr. The function connects a datagram socket. That takes no source port of
// TCP, so a shortage of those is not taken for a missing address.
func WaysFrom(source netip.Addr) func(netip.Addr) Cause {
	return func(to netip.Addr) Cause {
		if !HasZone(to.Zone()) {
			return NoRoute
		}
		if source.IsValid() && source.Is4() != to.Is4() {
			return NoCause // Dialer reports that, as ErrFamily
		}
		conn, err := route(source, to)
		if err == nil {
			_ = conn.Close()
			return NoCause
		}
		var call *os.SyscallError
		var errno syscall.Errno
		if !errors.As(err, &call) || call.Syscall == "bind" || !errors.As(err, &errno) ||
			!slices.Contains(noWayCauses, CauseOf(err)) && !slices.Contains(noLocalAddr, errno) {
			return NoCause
		}
		if hasAddress(to.Is4()) {
			return NoRoute
		}
		return NoFamily
	}
}

// route connects a datagram socket to an address, which looks the route up and sends
// nothing.
func route(source, to netip.Addr) (net.Conn, error) {
	var d net.Dialer
	if source.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	return d.Dial("udp", netip.AddrPortFrom(to, discard).String())
}

// discard is a port that nothing is sent to (RFC 863).
const discard = 9

// SourcesFrom returns a function that says from which local address this machine connects
// to an address, whether or not anything answers there; the zero Addr where it has no way
// to it. From an address of the caller's choice, source, it connects from that one.
func SourcesFrom(source netip.Addr) func(netip.Addr) netip.Addr {
	return func(to netip.Addr) netip.Addr {
		conn, err := route(source, to)
		if err != nil {
			return netip.Addr{}
		}
		defer conn.Close()
		return SourceOf(conn)
	}
}

// SourceOf returns the local address of a connection, without a zone; the zero Addr where
// the connection has none, as one in memory.
func SourceOf(conn net.Conn) netip.Addr {
	var local netip.AddrPort
	switch a := conn.LocalAddr().(type) {
	case *net.TCPAddr:
		local = a.AddrPort()
	case *net.UDPAddr:
		local = a.AddrPort()
	}
	return local.Addr().Unmap().WithZone("")
}

// LookUp asks the system for the addresses of a name, and under which full name it
// found them; "" where it does not say.
func LookUp(ctx context.Context, host string) (addrs []netip.Addr, full string, err error) {
	if addrs, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, "", err
	}
	return addrs, foundAs(ctx, host), nil
}

// IsBroadcast reports whether an address is the broadcast address of one of this
// machine's networks.
func IsBroadcast(to netip.Addr) bool {
	if !to.Is4() || to.As4()[3]&3 != 3 { // the last of any network of more than two hosts
		return false
	}
	return inOwnNetwork(to, func(network netip.Prefix, a netip.Addr) bool {
		return network.Bits() <= 30 && network.Contains(a) && !network.Contains(a.Next())
	})
}

// inOwnNetwork reports whether such(network, to) is true for a network of this machine.
func inOwnNetwork(to netip.Addr, such func(netip.Prefix, netip.Addr) bool) bool {
	addrs, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
		network, err := netip.ParsePrefix(a.String())
		return err == nil && such(network, to.WithZone(""))
	})
}

// HasZone reports whether a zone is an interface of this machine, by its name or
// its number. "" is no zone, which is always right.
func HasZone(zone string) bool {
	if zone == "" {
		return true
	}
	number, err := strconv.Atoi(zone)
	if err != nil {
		_, err = net.InterfaceByName(zone)
	} else {
		_, err = net.InterfaceByIndex(number)
	}
	return err == nil
}

// hasAddress reports whether this machine has an address of IPv4, or else of IPv6, that
// other networks may know.
func hasAddress(is4 bool) bool {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(addrs, func(a net.Addr) bool {
		prefix, err := netip.ParsePrefix(a.String())
		return err == nil && prefix.Addr().Is4() == is4 && prefix.Addr().IsGlobalUnicast()
	})
}
