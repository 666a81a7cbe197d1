// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"context"
	"iter"
	"net/netip"

	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/hops"
	"exreach/probe/socket"
	"exreach/report/content"
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
func (t Trace) Run(ctx context.Context, addrs []netip.Addr) []content.Traced {
	source := socket.SourcesFrom(t.Tracer.Source)
	traces := make([]content.Traced, len(addrs))
	var group errgroup.Group
	group.SetLimit(tracedAtOnce)
	for i, addr := range addrs {
		group.Go(func() error {
			traces[i] = content.Traced{Address: addr.String(), Trace: content.NewTrace(t.address(ctx, addr))}
			if from := source(addr); from.IsValid() {
				traces[i].Source = from.String()
			}
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

// A door is a port of an address.
type door struct {
	network catalog.Network
	address netip.Addr
	port    uint16
}

// noteUntraced passes hosts on. When there are no more, it tells of how many ports there
// is no trace, for each reason but two: a port was traced together with another, or this
// system cannot trace at all, which Untraceable tells.
func (s *Survey) noteUntraced(hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
	return func(yield func(probe.HostResults) bool) {
		ports := map[probe.Untraced]int{}
		for host := range hosts {
			counted := map[door]bool{}
			for _, r := range host.Results {
				if d := (door{r.Check.Service.Network, r.Address, r.Port}); r.Untraced != "" && !counted[d] {
					counted[d] = true
					ports[r.Untraced]++
				}
			}
			if !yield(host) {
				return
			}
		}
		for _, why := range []probe.Untraced{probe.TraceInterrupted, probe.TraceDeadline, probe.TraceTimeUp} {
			if ports[why] > 0 {
				s.tell(Untraced{ports[why], why})
			}
		}
	}
}
