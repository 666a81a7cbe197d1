// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net/netip"

	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// Resolve finds the addresses of a host that are to be asked; an address is its
// own.
func (p *Pool) Resolve(ctx context.Context, host string) (lookup.Name, error) {
	name, err := p.lookUp(ctx, host)
	if err == nil && p.Dial == nil {
		name.LeaveOut(socket.WaysFrom(p.Source))
	}
	return name, err
}

func (p *Pool) lookUp(ctx context.Context, host string) (lookup.Name, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return lookup.Name{Addrs: []netip.Addr{addr.Unmap()}, Count: 1}, nil
	}
	return orDefault(p.Resolver, &lookup.Resolver{}).LookUp(ctx, host, p.Timeouts.orDefault().Resolve)
}

// judgeLookup tells a name without an address from a resolver that could not
// say.
func judgeLookup(err error, cancelled bool) (Verdict, Obstacle, string) {
	switch obstacle := obstacleOf(err); {
	case errors.As(err, new(errStoodStill)):
		return Untried, StoodStill, stoodStill
	case cancelled:
		return Untried, Interrupted, "interrupted " + during(protocol.Resolve, "")
	case lookup.NotFound(err):
		return Unresolved, "", lookup.Reason(err)
	case obstacle != "":
		return Untried, obstacle, "the name could not be looked up: " + err.Error()
	}
	return Untried, NoResolver, "no name server gave an answer: " + err.Error()
}

// obstacleTo is what a cause that this machine has no way to an address means.
func obstacleTo(to netip.Addr, why socket.Cause) Obstacle {
	if why == socket.NoFamily {
		return ofFamily(NoIPv6, to)
	}
	return NoRoute
}

// ofFamily tells which kind of address this machine does not speak: the system
// has one error for both.
func ofFamily(o Obstacle, to netip.Addr) Obstacle {
	if o == NoIPv6 && to.Is4() {
		return NoIPv4
	}
	return o
}

// noWayWords says what an obstacle on the way to an address is.
func noWayWords(o Obstacle, to netip.Addr) string {
	switch o {
	case NoIPv6:
		return "this machine has no IPv6, and " + to.String() + " cannot be reached without"
	case NoIPv4:
		return "this machine has no IPv4, and " + to.String() + " cannot be reached without"
	}
	if !socket.HasZone(to.Zone()) {
		return "this machine has no interface " + to.Zone()
	}
	return "this machine has no route to " + to.String()
}
