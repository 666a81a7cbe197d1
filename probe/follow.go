// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// portsPerInterface bounds how many ports of one interface are followed: some
// servers register one endpoint per database or process.
const portsPerInterface = 8

// follow asks the checks behind an endpoint mapper that answered: each
// interface on the port that the mapper gave, at the address the user named,
// since towers often carry 0.0.0.0 or an address of the inside.
func (r *run) follow(ctx context.Context, h *host, mapper Result, emit func(Result)) {
	if mapper.Verdict != Answered || mapper.Peer == nil {
		return
	}
	var each sync.WaitGroup
	for _, c := range mapper.Check.Behind {
		ports := portsOf(*c.Service.RPC, mapper.Peer.Endpoints)
		if len(ports) == 0 {
			emit(portless(c, mapper))
		}
		for _, port := range ports {
			each.Go(func() {
				c := c
				c.Service.Ports = catalog.Ports{First: port, Last: port}
				res := r.ask(ctx, h, c, netip.AddrPortFrom(mapper.Address, port))
				res.Parent = mapper.Check.Service.Name
				emit(res)
			})
		}
	}
	each.Wait()
}

// portsOf returns the TCP ports at which an endpoint map has an interface.
func portsOf(want catalog.Interface, endpoints []protocol.Endpoint) []uint16 {
	var ports []uint16
	for _, e := range endpoints {
		if e.Interface().Serves(want) && e.Sequence == "ncacn_ip_tcp" && e.Port != 0 && !slices.Contains(ports, e.Port) {
			ports = append(ports, e.Port)
		}
	}
	slices.Sort(ports)
	return ports[:min(len(ports), portsPerInterface)]
}

// portless is the result for an interface that the mapper gave no port of.
func portless(c catalog.Check, mapper Result) Result {
	res := Result{
		Check:   c,
		Parent:  mapper.Check.Service.Name,
		Address: mapper.Address,
		Verdict: Refused, // the host said that nobody serves it
		Step:    protocol.Resolve,
		Tries:   1,
		Detail:  "the interface is not registered in the endpoint map",
	}
	if slices.Contains(mapper.Peer.Withheld, c.Service.RPC.Name) {
		res.Verdict, res.Detail = Unresolved, "the endpoint mapper does not say where the interface listens"
		if mapper.Peer.Refusal != "" {
			res.Detail += ": " + mapper.Peer.Refusal
		}
	}
	return res
}
