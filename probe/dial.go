// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"exreach/catalog"
)

// A dialError is a connection that did not come about. Errors of connecting
// have a type of their own because the same time-out means "no reply" here and
// "silent" later.
type dialError struct {
	err   error
	local bool       // this machine refused before anything was sent
	icmp  icmpAnswer // what an ICMP message said; icmpNone where none came
	by    netip.Addr // who sent it
}

func (e *dialError) Error() string {
	if call := new(*os.SyscallError); errors.As(e.err, call) { // which names the call
		return (*call).Error()
	}
	return fmt.Sprintf("connect: %v", e.err)
}
func (e *dialError) Unwrap() error { return e.err }

// An icmpAnswer is what a Destination Unreachable or Time Exceeded message means
// for a connection (RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1,
// RFC 4443 section 3).
type icmpAnswer int

const (
	icmpNone icmpAnswer = iota
	icmpUnreachable
	icmpPort
	icmpProhibited
	icmpExceeded // the hop limit ran out on the way: a loop, unless a trace set it
)

var errFamily = errors.New("the source address and this address are not of one family (IPv4, IPv6)")

// systemDial returns the dialer of this system, which also hears ICMP where the
// system lets it.
func systemDial(source netip.Addr) DialFunc {
	return func(ctx context.Context, network catalog.Network, addr netip.AddrPort) (net.Conn, error) {
		if source.IsValid() && source.Is4() != addr.Addr().Is4() {
			return nil, &dialError{err: errFamily, local: true}
		}
		if network == catalog.UDP {
			return dialUDP(ctx, source, addr)
		}
		return dialTCP(ctx, source, addr)
	}
}
