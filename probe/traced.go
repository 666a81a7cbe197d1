// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe/hops"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// Bounds on the traces of a run, beside those of hops.Guide.
const (
	tracedHosts = 64 // at once
	tracedPorts = 4  // of one address at once
)

// Traced passes the results of a run on, and sets Result.Trace where a port timed out, or
// else Result.Untraced. It traces each such port once, beside a port of the same address
// that answered. An address at which nothing answered it traces once, at the first port in
// the plan.
func Traced(ctx context.Context, t hops.Tracer, hosts iter.Seq[HostResults]) iter.Seq[HostResults] {
	if t.Ask == nil && socket.CanTrace() != nil {
		return untraceable(hosts)
	}
	return func(yield func(HostResults) bool) {
		ctx, stop := context.WithCancel(ctx)
		defer stop()
		var enough atomic.Bool
		untilEnough := func(yield func(HostResults) bool) {
			for host := range hosts {
				if enough.Load() || !yield(host) {
					return
				}
			}
		}
		out := make(chan HostResults)
		go (&tracing{guide: hops.Guide{Tracer: t}}).hosts(ctx, untilEnough, out)
		for host := range out {
			if !enough.Load() && !yield(host) {
				enough.Store(true)
				stop() // what is under way ends by itself; the loop waits for it
			}
		}
	}
}

// A tracing traces the hosts of one run.
type tracing struct{ guide hops.Guide }

// hosts traces the hosts that need it, sends every host to out, and closes out.
func (t *tracing) hosts(ctx context.Context, hosts iter.Seq[HostResults], out chan<- HostResults) {
	defer close(out)
	var group errgroup.Group
	group.SetLimit(tracedHosts)
	for host := range hosts {
		lost := lostPorts(host.Results)
		if len(lost) == 0 {
			out <- host
			continue
		}
		group.Go(func() error {
			t.host(ctx, host.Results, lost)
			out <- host
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
}

// host traces the lost ports of a host and notes the traces in its results.
func (t *tracing) host(ctx context.Context, host []Result, lost map[netip.Addr][]lostPort) {
	var each sync.WaitGroup
	for addr, ports := range lost {
		var beside *hops.BesidePort
		if best, ok := bestOf(host, addr); ok {
			beside = hops.NewBesidePort(t.guide.Tracer, targetOf(best))
		} else {
			for _, port := range ports[1:] {
				port.note(host, nil, SamePath)
			}
			ports = ports[:1]
		}
		each.Go(func() { t.address(ctx, host, ports, beside) })
	}
	each.Wait()
}

// address traces lost ports of one address.
func (t *tracing) address(ctx context.Context, host []Result, ports []lostPort, beside *hops.BesidePort) {
	var group errgroup.Group
	group.SetLimit(tracedPorts)
	for _, port := range ports {
		group.Go(func() error {
			trace, err := t.guide.Trace(ctx, targetOf(host[port[0]]), beside)
			if err != nil {
				port.note(host, nil, untracedFor(err))
			} else {
				port.note(host, &trace, "")
			}
			return nil
		})
	}
	_ = group.Wait()
}

// untracedFor returns why a port was not traced, given the cause that ended its context.
func untracedFor(cause error) Untraced {
	switch {
	case errors.Is(cause, hops.ErrTimeUp):
		return TraceTimeUp
	case errors.Is(cause, ErrDeadline):
		return TraceDeadline
	}
	return TraceInterrupted
}

// untraceable passes the results of a run on, and notes at each port that timed out that
// this system cannot trace.
func untraceable(hosts iter.Seq[HostResults]) iter.Seq[HostResults] {
	return func(yield func(HostResults) bool) {
		for host := range hosts {
			for _, ports := range lostPorts(host.Results) {
				for _, port := range ports {
					port.note(host.Results, nil, TraceUnable)
				}
			}
			if !yield(host) {
				return
			}
		}
	}
}

// A lostPort is a port that timed out, as the indices of its results.
type lostPort []int

// note notes what became of the trace in all results of the port.
func (p lostPort) note(host []Result, trace *hops.Trace, untraced Untraced) {
	for _, i := range p {
		host[i].Trace, host[i].Untraced = trace, untraced
	}
}

// lostPorts returns the ports of each address that timed out, in the order of the plan.
func lostPorts(host []Result) map[netip.Addr][]lostPort {
	var rows []int
	for i, res := range host {
		if res.Verdict == TimedOut && !res.Check.IsControl() {
			rows = append(rows, i)
		}
	}
	slices.SortStableFunc(rows, func(a, b int) int { return cmp.Compare(host[a].Order, host[b].Order) })
	lost := map[netip.Addr][]lostPort{}
	for _, row := range rows {
		door := doorOf(host[row])
		ports := lost[host[row].Address]
		i := slices.IndexFunc(ports, func(p lostPort) bool { return doorOf(host[p[0]]) == door })
		if i < 0 {
			i, ports = len(ports), append(ports, nil)
		}
		ports[i] = append(ports[i], row)
		lost[host[row].Address] = ports
	}
	return lost
}

// bestOf returns the result of the port of an address that is best to compare with; false
// where none is of use.
func bestOf(host []Result, addr netip.Addr) (best Result, ok bool) {
	for _, res := range host {
		if res.Address == addr && rankOf(res) > rankOf(best) {
			best, ok = res, true
		}
	}
	return best, ok
}

// rankOf returns how good a port is to compare with: one that accepts shows more
// than one that resets, which a firewall may do as well; TCP needs no question;
// and the reader knows the ports of the plan. A port of rank 0 is of no use.
func rankOf(res Result) int {
	connected := res.Verdict == Answered || res.Step != protocol.Connect && slices.Contains([]Verdict{Mismatch, Silent, Cut, BadTLS}, res.Verdict)
	reset := res.Step == protocol.Connect && (res.Verdict == Cut || res.Verdict == Refused && !res.SaidBy.IsValid())
	switch tcp := res.Check.Service.Network != catalog.UDP; {
	case res.Check.IsControl():
		if reset {
			return 1
		}
	case tcp && connected:
		return 4
	case !tcp && res.Verdict == Answered:
		return 3
	case tcp && reset:
		return 2
	}
	return 0
}

func doorOf(res Result) doorway {
	return doorway{res.Check.Service.Network, netip.AddrPortFrom(res.Address, res.Port)}
}

func targetOf(res Result) socket.Target {
	return NewTarget(res.Check, netip.AddrPortFrom(res.Address, res.Port))
}

// largestPayload bounds a datagram, which must pass every link in one piece
// (RFC 8200 section 5: 1280 octets, headers included).
const largestPayload = 1200

// NewTarget returns what to trace for a check at one address.
func NewTarget(c catalog.Check, addr netip.AddrPort) socket.Target {
	to := socket.Target{Network: c.Service.Network, Addr: addr}
	if to.Network == catalog.UDP {
		to.Payload = firstDatagram(c)
	}
	return to
}

// firstDatagram returns what the protocol of a check says first; nil where it has no
// conversation. It lets the protocol speak to a pipe that does not answer.
func firstDatagram(c catalog.Check) []byte {
	speak, ok := protocol.Table[c.Service.Protocol]
	if !ok {
		return nil
	}
	ours, theirs := net.Pipe()
	limit := time.Now().Add(time.Second)
	_, _ = ours.SetDeadline(limit), theirs.SetDeadline(limit)
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		_, _ = speak.Ask(ours, protocol.Question{
			Host:    lookup.TrimDot(c.Host),
			Service: c.Service,
			Session: protocol.Session{
				At:       func(protocol.Step) {},
				StartTLS: func(net.Conn) (net.Conn, error) { return nil, errors.New("there is no TLS over UDP") },
			},
		})
		_ = ours.Close()
	}()
	payload := make([]byte, largestPayload)
	n, _ := theirs.Read(payload)
	_ = theirs.Close()
	<-asked
	return payload[:n]
}
