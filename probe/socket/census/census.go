// SPDX-License-Identifier: Apache-2.0

// Package census asks the operating system which TCP connections it knows, half-open ones
// included, and which program holds a port. An ordinary user may ask.
package census

import (
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"exreach/catalog"
)

// ErrUnknown says that this system does not tell.
var ErrUnknown = errors.New("this system does not tell which connections it has")

// A State is how far a connection has come, as this machine sees it.
type State int

// The states that matter to a listener.
const (
	Other       State = iota // the connection ends, or this machine asked for it
	SynReceived              // a SYN came and was answered; the peer's ACK has not come
	Established              // the handshake is complete
)

// A Link is a TCP connection that the system knows. Its addresses have no zones, and IPv4
// addresses are never mapped into IPv6.
type Link struct {
	Local, Remote netip.AddrPort
	State         State
}

// mostLinks bounds the links of one answer, and mostRows the sockets that are looked at
// for it, of each family: a flood must not become this program's memory.
const (
	mostLinks = 1 << 15
	mostRows  = 1 << 20
)

// Links returns the TCP connections whose local port is one that ports accepts, the
// half-open ones among them, in order. It stops at 32768. The error is ErrUnknown where the system
// does not tell.
func Links(ports func(uint16) bool) ([]Link, error) {
	l := links{ports: ports}
	if err := eachTCP(l.add); err != nil {
		return nil, err
	}
	slices.SortFunc(l.all, compare)
	return slices.Compact(l.all), nil
}

// compare orders links. The system may list one twice that changes meanwhile.
func compare(a, b Link) int {
	return cmp.Or(a.Local.Compare(b.Local), a.Remote.Compare(b.Remote), cmp.Compare(a.State, b.State))
}

// Holder returns which program holds a port at an address of this machine: its name, or, if
// that is for other users only, "a program of the user NAME". Known is false where no
// program holds the port, or the system does not tell.
func Holder(network catalog.Network, at netip.AddrPort) (program string, known bool) {
	return holder(network, netip.AddrPortFrom(plain(at.Addr()), at.Port()))
}

// A row is a socket as the system lists it.
type row struct {
	local, remote netip.AddrPort
	state         State
	listening     bool   // a listener of TCP, or any socket of UDP
	owner         uint64 // Linux: the socket's inode; Windows: the process
	user          uint32 // Linux: the user who made the socket
}

// links collects what Links returns.
type links struct {
	ports func(uint16) bool
	all   []Link
	seen  int
}

// add takes one row, and reports whether there is room for more.
func (l *links) add(r row) (more bool) {
	l.seen++
	if !r.listening && r.remote.Port() != 0 && l.ports(r.local.Port()) {
		l.all = append(l.all, Link{r.local, r.remote, r.state})
	}
	return len(l.all) < mostLinks && l.seen < 2*mostRows
}

// holds reports whether this socket keeps others from the port of at: it has that address
// or all of them, or at means all.
func (r row) holds(at netip.AddrPort) bool {
	if !r.listening || r.local.Port() != at.Port() {
		return false
	}
	here, wanted := r.local.Addr(), at.Addr()
	return here == wanted.WithZone("") || !wanted.IsValid() || anyOf(here, wanted) || anyOf(wanted, here)
}

// anyOf reports whether all means every address of the family of one. The IPv6 wildcard
// means IPv4's addresses too, unless its socket says otherwise (ipv6(7), IPV6_V6ONLY),
// which the system does not list.
func anyOf(all, one netip.Addr) bool {
	return all.IsUnspecified() && (all.Is6() || one.Is4())
}

// plain returns an address without zone, and IPv4's as such.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// printable returns a program's name as it may be shown: every process names itself.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(name, "?"))
}
