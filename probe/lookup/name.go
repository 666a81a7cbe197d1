// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"exreach/probe/socket"
)

// A Family is the addresses of IPv4 or of IPv6; "" is both.
type Family string

// The families, as package net calls them.
const (
	IPv4 Family = "ip4"
	IPv6 Family = "ip6"
)

// Digit returns "4" or "6", as the options -4 and -6 name a family.
func (f Family) Digit() string { return strings.TrimPrefix(string(f), "ip") }

// FamilyOf is the family of an address.
func FamilyOf(a netip.Addr) Family {
	if a.Is4() {
		return IPv4
	}
	return IPv6
}

// A Name is what a Resolver found out about a host's name. Results carry it.
type Name struct {
	Addrs      []netip.Addr // the ones to ask: sorted, so IPv4 comes first; at most 16
	Found      string       // the full name, where the search list made it of the one given; else ""
	Alias      string       // what the name is an alias of (CNAME); "" where it is none
	By         string       // the source: a name server, a file, or "the system"; "" where it is not known
	Count      int          // addresses that the name has
	Bogus      []netip.Addr // those of them that no host has, which are not asked
	LeftOut    []netip.Addr // those to which this machine has no way, while it has one to others
	Lacks      socket.Cause // why; socket.NoCause where none is left out
	Unanswered []string     // the types that no server answered: A, AAAA

	NoWay map[netip.Addr]socket.Cause // what keeps this machine from an address; LeaveOut fills it
	Took  time.Duration               // the lookup, without waiting for its turn
}

// mostAddrs is how many addresses of a name are asked. A name that many servers
// share is one service; and an owner of a DNS zone must not choose how many
// hosts this machine connects to.
const mostAddrs = 16

// sortOut keeps only the addresses to ask in Addrs, and fills Count and Bogus. It fails
// if none is left.
func (n *Name) sortOut(host string) error {
	addrs := n.Addrs
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	addrs = slices.Compact(addrs)
	n.Count = len(addrs)
	addrs = slices.DeleteFunc(addrs, func(a netip.Addr) bool {
		out := notAHost(a) != ""
		if out && len(n.Bogus) < mostAddrs {
			n.Bogus = append(n.Bogus, a)
		}
		return out
	})
	n.Addrs = slices.Clone(someOfBoth(addrs))
	switch {
	case len(n.Addrs) > 0:
		return nil
	case len(n.Bogus) > 0:
		return &bogusError{*n}
	}
	return noAddress(host)
}

// someOfBoth returns at most mostAddrs of sorted addresses, always the same, and
// of both families where there are both.
func someOfBoth(addrs []netip.Addr) []netip.Addr {
	if len(addrs) <= mostAddrs {
		return addrs
	}
	at := slices.IndexFunc(addrs, netip.Addr.Is6)
	if at < 0 {
		at = len(addrs)
	}
	of4, of6 := addrs[:at], addrs[at:]
	take4 := min(len(of4), max(mostAddrs/2, mostAddrs-len(of6)))
	return slices.Concat(of4[:take4], of6[:min(len(of6), mostAddrs-take4)])
}

// LeaveOut moves the addresses of a family from Addrs to LeftOut if this machine has a
// way to the other family only: that is no fault of the host. wayTo says what keeps this
// machine from an address, as socket.WaysFrom does.
func (n *Name) LeaveOut(wayTo func(netip.Addr) socket.Cause) {
	n.NoWay = map[netip.Addr]socket.Cause{}
	reachable := map[Family]bool{}
	for _, a := range n.Addrs {
		if why := wayTo(a); why != socket.NoCause {
			n.NoWay[a] = why
		} else {
			reachable[FamilyOf(a)] = true
		}
	}
	if len(reachable) != 1 {
		return
	}
	n.Addrs = slices.DeleteFunc(n.Addrs, func(a netip.Addr) bool {
		out := !reachable[FamilyOf(a)]
		if out {
			n.LeftOut = append(n.LeftOut, a)
			n.Lacks = cmp.Or(n.Lacks, n.NoWay[a])
		}
		return out
	})
}

// A bogus is a range of addresses that no host has.
type bogus struct {
	prefix netip.Prefix
	what   string // the rest of a sentence that begins with the address
}

// bogusAddrs lists what resolvers, filters and hosts files answer in place of a host's
// address (RFC 6890 and the special-purpose registries of IANA), and addresses to
// which nobody can simply connect.
var bogusAddrs = []bogus{
	{netip.MustParsePrefix("0.0.0.0/8"), "stands for no host (RFC 1122)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "is a multicast address"},
	{netip.MustParsePrefix("255.255.255.255/32"), "is the broadcast address"},
	{netip.MustParsePrefix("240.0.0.0/4"), "is reserved (RFC 1112)"},
	{netip.MustParsePrefix("ff00::/8"), "is a multicast address"},
	{netip.MustParsePrefix("100::/64"), "is for packets to be discarded (RFC 6666)"},
}

// notAHost says why an address cannot be a host's; "" where it may be.
func notAHost(a netip.Addr) string {
	switch inner := embedded(a); {
	case inner.IsValid():
		return notAHost(inner)
	case a.Is6() && a.IsLinkLocalUnicast() && a.Zone() == "":
		return "is a link-local address, which needs the name of an interface, such as " + a.String() + "%eth0"
	case a.IsLoopback():
		return ""
	case a == netip.IPv6Unspecified():
		return "stands for no host (RFC 4291)"
	case socket.IsBroadcast(a):
		return "is the broadcast address of a network of this machine"
	}
	i := slices.IndexFunc(bogusAddrs, func(b bogus) bool { return b.prefix.Contains(a.WithZone("")) })
	if i < 0 {
		return ""
	}
	return bogusAddrs[i].what
}

// embedded returns the IPv4 address inside an IPv6 address of NAT64 (RFC 6052) or of the
// old form ::192.0.2.1; the zero Addr where there is none.
func embedded(a netip.Addr) netip.Addr {
	if !a.Is6() {
		return netip.Addr{}
	}
	b := a.As16()
	inner := netip.AddrFrom4([4]byte(b[12:]))
	nat64, compatible := netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("::/96")
	if nat64.Contains(a) || compatible.Contains(a) && b[12] != 0 {
		return inner
	}
	return netip.Addr{}
}

// A bogusError says that none of a name's addresses can be a host's.
type bogusError struct{ name Name }

func (e *bogusError) Error() string {
	var words []string
	for _, a := range e.name.Bogus[:min(len(e.name.Bogus), 3)] {
		words = append(words, fmt.Sprintf("%s, which %s", a, notAHost(a)))
	}
	return fmt.Sprintf("%s resolves the name to %s", cmp.Or(e.name.By, "the resolver"), strings.Join(words, ", and "))
}

// TrimDot returns a name without the dot at its end. The dot keeps a resolver from adding
// a suffix; certificates, TLS and HTTP know no such dot (RFC 6066 section 3).
func TrimDot(name string) string { return strings.TrimSuffix(name, ".") }
