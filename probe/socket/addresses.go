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

// noLocalAddr is what connecting to a family says that is switched off here:
// EADDRNOTAVAIL, and the same of Windows (WSAEADDRNOTAVAIL), for which package
// syscall has an invented number.
var noLocalAddr = []syscall.Errno{syscall.EADDRNOTAVAIL, 10049}

// noWayCauses are what the routes of this machine say, where nothing is sent:
// none, or one of the types unreachable and prohibit (ip-route(8)), which VPN
// programs set for IPv6.
var noWayCauses = []Cause{NoRoute, Unreachable, Denied}

// WaysFrom says what keeps this machine from an address: NoRoute, or NoFamily;
// NoCause where it has a way.
// A datagram socket is connected, which looks the route up and sends nothing. It
// takes no source port of TCP, so a shortage of those is not taken for a
// missing address.
func WaysFrom(source netip.Addr) func(netip.Addr) Cause {
	return func(to netip.Addr) Cause {
		if !HasZone(to.Zone()) {
			return NoRoute
		}
		d := net.Dialer{}
		if source.IsValid() {
			if source.Is4() != to.Is4() {
				return NoCause // the dialer says so
			}
			d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
		}
		conn, err := d.Dial("udp", netip.AddrPortFrom(to, 9).String())
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

// inOwnNetwork reports whether such holds for an address and one of this machine's networks.
func inOwnNetwork(to netip.Addr, such func(netip.Prefix, netip.Addr) bool) bool {
	addrs, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addrs, func(a net.Addr) bool {
		network, err := netip.ParsePrefix(a.String())
		return err == nil && such(network, to.WithZone(""))
	})
}

// HasZone reports whether a zone is an interface of this machine, by its name or
// its number; "" is any.
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

// hasAddress reports whether this machine has an address that other networks know,
// of IPv4 or of IPv6.
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
