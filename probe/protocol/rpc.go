// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"exreach/catalog"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/wire"
)

// askRPC binds an interface on its own port, or an endpoint mapper, which it
// then asks for its whole map (C706, MS-RPCE). A bind needs no credentials.
func askRPC(conn net.Conn, q Question) (Peer, error) {
	c := rpc.NewClient(conn)
	q.At(Greet)
	if q.Service.RPC != nil {
		return askInterface(c, q)
	}
	refusal, err := c.Bind(rpc.Mapper)
	switch {
	case errors.Is(err, rpc.ErrAbsent):
		return Peer{}, lacks(rpc.Mapper)
	case err != nil:
		return Peer{}, err
	case refusal != nil:
		return Peer{Refusal: refusal.Text, Reason: refusal.Why, Withheld: interfaceNames(q.Interfaces)}, nil
	}
	q.At(Talk)
	return readMap(c, q.Interfaces, dialed(conn))
}

// askInterface binds an interface on its own port and asks which others the server
// has, which tells most where it does not have this one.
func askInterface(c *rpc.Client, q Question) (Peer, error) {
	i := *q.Service.RPC
	refusal, err := c.Bind(i)
	absent := errors.Is(err, rpc.ErrAbsent)
	switch {
	case absent:
	case err != nil:
		return Peer{}, err
	case refusal != nil:
		return Peer{Refusal: refusal.Text, Reason: refusal.Why}, nil
	default:
		q.At(Talk)
	}
	var peer Peer
	named, unnamed := rpc.Labels(c.Inquire())
	if all := slices.Concat(named, unnamed); len(all) > 0 {
		peer.Facts = map[string]string{FactInterfaces: rpc.Listing(all)}
	}
	switch {
	case !absent:
		return peer, nil
	case len(named) > 0:
		return peer, lacks(i, named...)
	}
	return peer, lacks(i, unnamed...)
}

// lacks returns the mismatch for a server that does not have interface i. Instead
// lists the interfaces that the server says it has, if any.
func lacks(i catalog.Interface, instead ...string) error {
	got := "an RPC server that does not have this interface"
	if len(instead) > 0 {
		got = "another RPC service holds the port: " + rpc.Listing(instead)
	}
	return &wire.MismatchError{Want: i.Name, Got: got}
}

// answerRPC answers as an endpoint mapper does, or on an interface's own port as a
// server that has the interface but none of its operations. Other services may share the port.
func answerRPC(conn net.Conn, s Stand) error {
	owns := rpc.Mapper
	if s.Service.RPC != nil {
		owns = *s.Service.RPC
	}
	return rpc.Serve(conn, append([]catalog.Interface{owns}, s.Shared...), s.Endpoints)
}

// factsOf returns what stands out in an endpoint map that was read at the
// address dialed. It returns no fact about what the map does not hold.
func factsOf(all []rpc.Endpoint, dialed netip.Addr) map[string]string {
	facts := map[string]string{}
	add := func(name string, items []string) {
		if len(items) > 0 {
			facts[name] = rpc.Listing(items)
		}
	}
	add(FactTCPEndpoints, tcpEndpoints(all))
	add(FactHTTPEndpoints, httpEndpoints(all))
	add(FactUnknown, unknownInterfaces(all))
	add(FactTowerAddresses, towerAddresses(all, dialed))
	return facts
}

// tcpEndpoints returns the interfaces that have a name, with their TCP ports: "NSPI
// 6006". Management and the endpoint mapper are no services of their own: it leaves
// them out.
func tcpEndpoints(all []rpc.Endpoint) []string {
	return portsWhere(all, func(e rpc.Endpoint) string {
		if e.Sequence != "ncacn_ip_tcp" || e.Name == "" || e.UUID == rpc.Management.UUID || e.UUID == rpc.Mapper.UUID {
			return ""
		}
		return fmt.Sprintf("%s %d", e.Name, e.Port)
	})
}

// httpEndpoints returns the endpoints that an RPC proxy leads to: "6001 EMSMDB".
func httpEndpoints(all []rpc.Endpoint) []string {
	return portsWhere(all, func(e rpc.Endpoint) string {
		if e.Sequence != "ncacn_http" || e.UUID == rpc.Management.UUID {
			return ""
		}
		return fmt.Sprintf("%d %s", e.Port, cmp.Or(e.Name, e.Annotation, e.UUID))
	})
}

// portsWhere returns the texts that say makes of the endpoints, each once, in the
// order of the ports.
func portsWhere(all []rpc.Endpoint, say func(rpc.Endpoint) string) []string {
	sorted := slices.SortedStableFunc(slices.Values(all), func(a, b rpc.Endpoint) int { return cmp.Compare(a.Port, b.Port) })
	return distinct(sorted, say)
}

// unknownInterfaces returns the annotations of the interfaces that have no name
// and that other hosts can reach.
func unknownInterfaces(all []rpc.Endpoint) []string {
	items := distinct(all, func(e rpc.Endpoint) string {
		if e.Name != "" || e.Sequence == "ncalrpc" {
			return ""
		}
		return e.Annotation
	})
	slices.Sort(items)
	return items
}

// towerAddresses returns the addresses in the towers that are not the one dialed: the
// host is behind address translation, or has several. An address of the other family
// says nothing about that.
func towerAddresses(all []rpc.Endpoint, dialed netip.Addr) []string {
	return distinct(all, func(e rpc.Endpoint) string {
		a, err := netip.ParseAddr(e.Address)
		if err != nil || a == dialed || a.BitLen() != dialed.BitLen() || a.IsUnspecified() || a.IsLoopback() {
			return ""
		}
		return a.String()
	})
}

// distinct returns the texts that say makes of the endpoints, each once. It leaves
// out "".
func distinct(all []rpc.Endpoint, say func(rpc.Endpoint) string) []string {
	var items []string
	seen := map[string]bool{"": true}
	for _, e := range all {
		if item := say(e); !seen[item] {
			seen[item] = true
			items = append(items, item)
		}
	}
	return items
}

// dialed returns the address of the peer, the zero Addr on a connection without any.
func dialed(conn net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}
