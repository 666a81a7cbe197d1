// SPDX-License-Identifier: Apache-2.0

// Package machine finds which addresses the machine has on which exreach runs.
package machine

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
)

// Address returns the address that the value of an option names, if this machine has it. To
// find out, it binds a UDP socket to the address, which sends nothing. Its errors are for the
// user.
func Address(option, word string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(strings.TrimSpace(word))
	if err != nil {
		return addr, mistake("option --%s: %q is not an IP address", option, catalog.Shown(word))
	}
	addr = addr.Unmap()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return addr, mistake("option --%s: %s is not an address of this machine", option, addr)
	}
	return addr, conn.Close()
}

// Addresses returns the addresses under which other machines may reach this one: IPv4 first,
// and no loopback or link-local ones.
func Addresses() (all []netip.Addr) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range found {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil && prefix.Addr().IsGlobalUnicast() {
			all = append(all, prefix.Addr())
		}
	}
	slices.SortStableFunc(all, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return all
}

// mistake is an error whose hint is the addresses of this machine.
func mistake(format string, a ...any) error {
	return &survey.Mistake{Err: fmt.Errorf(format, a...), Hint: own()}
}

// own says which addresses this machine has.
func own() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "use an address of this machine"
	}
	var words []string
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			words = append(words, prefix.Addr().String())
		}
	}
	return "this machine has " + strings.Join(words, ", ")
}
