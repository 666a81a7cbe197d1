// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report"
)

const tracedAtOnce = 4 // addresses of a name

// A Trace looks for the hop after which the port of a host is blocked, for exreach trace.
type Trace struct {
	Tracer  hops.Tracer
	Host    string
	Service catalog.Service // what to ask at the port
	Compare []uint16        // TCP ports to compare with
}

// Run traces the addresses of the host, a few at a time.
func (t Trace) Run(ctx context.Context, addrs []netip.Addr) []report.Traced {
	traces := make([]report.Traced, len(addrs))
	var group errgroup.Group
	group.SetLimit(tracedAtOnce)
	for i, addr := range addrs {
		group.Go(func() error {
			traces[i] = report.Traced{Address: addr.String(), Trace: report.NewTrace(t.address(ctx, addr))}
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
	return traces
}

// address traces one address. If the port does not answer, it also traces a port of
// Compare that does.
func (t Trace) address(ctx context.Context, addr netip.Addr) hops.Trace {
	port := t.Service.Ports.First
	to := probe.NewTarget(catalog.Check{Host: t.Host, Service: t.Service}, netip.AddrPortFrom(addr, port))
	found := hops.Trace{Path: t.Tracer.Path(ctx, to)}
	if found.Path.Err != nil || found.Path.Ended || found.Path.Accepted() {
		return found
	}
	var others []socket.Target
	for _, other := range t.Compare {
		if other != port || t.Service.Network == catalog.UDP {
			others = append(others, socket.Target{Network: catalog.TCP, Addr: netip.AddrPortFrom(addr, other)})
		}
	}
	if answering, ok := t.Tracer.Answering(ctx, others); ok {
		beside := t.Tracer.Path(ctx, answering)
		found.Beside = &beside
	}
	return found
}
