// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
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

// Bounds on the traces of a run. Few at once for one address keep its routers below
// their limits on ICMP, so they do not fall silent.
const (
	tracedAddresses = 32 // a host with further ones is passed on untraced
	tracesAtOnce    = 4  // of one address
	hostsAtOnce     = 8
	tracesTime      = 30 * time.Second // all of one host
)

// Traced passes the results of a run on, and sets Result.Trace where a port timed out. It
// traces each such port once, beside a port of the same address that answered. An address
// at which nothing answered it traces once, at the first port in the plan. A port that it
// could not trace in time has no trace.
func Traced(ctx context.Context, t hops.Tracer, hosts iter.Seq[HostResults]) iter.Seq[HostResults] {
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
		go tracing{t}.hosts(ctx, untilEnough, out)
		for host := range out {
			if !enough.Load() && !yield(host) {
				enough.Store(true)
				stop() // what is under way ends by itself; the loop waits for it
			}
		}
	}
}

// A tracing traces the hosts of one run.
type tracing struct{ hops.Tracer }

// hosts traces the hosts that need it, sends every host to out, and closes out.
func (t tracing) hosts(ctx context.Context, hosts iter.Seq[HostResults], out chan<- HostResults) {
	defer close(out)
	var group errgroup.Group
	group.SetLimit(hostsAtOnce)
	left := tracedAddresses
	for host := range hosts {
		found := lookOver(host.Results)
		if len(found.lost) == 0 || left < len(found.lost) {
			out <- host
			continue
		}
		left -= len(found.lost)
		group.Go(func() error {
			t.host(ctx, host.Results, found)
			out <- host
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
}

// host traces the ports of a host and notes the traces in its results.
func (t tracing) host(ctx context.Context, host []Result, found toTrace) {
	ctx, stop := context.WithTimeout(ctx, tracesTime)
	defer stop()
	var each sync.WaitGroup
	for addr, lost := range found.lost {
		each.Go(func() { t.address(ctx, host, lost, found.beside[addr]) })
	}
	each.Wait()
}

// address traces the lost ports of one address, beside the one that answers.
// lost holds indices of results; answers is nil where no port answered.
func (t tracing) address(ctx context.Context, results []Result, lost []int, answers *socket.Target) {
	slices.SortStableFunc(lost, func(a, b int) int { return cmp.Compare(results[a].Order, results[b].Order) })
	beside := sync.OnceValue(func() *hops.Path {
		if answers == nil {
			return nil
		}
		path := t.Path(ctx, *answers)
		return &path
	})
	ports := map[doorway][]int{}
	for _, i := range lost {
		if door := doorOf(results[i]); answers != nil || door == doorOf(results[lost[0]]) { // of a dead address, the first port stands for all
			ports[door] = append(ports[door], i)
		}
	}
	var group errgroup.Group
	group.SetLimit(tracesAtOnce)
	group.Go(func() error { beside(); return nil })
	for rows := range maps.Values(ports) {
		group.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			trace := &hops.Trace{Path: t.Path(ctx, targetOf(results[rows[0]])), Beside: beside()}
			for _, i := range rows {
				results[i].Trace = trace
			}
			return nil
		})
	}
	_ = group.Wait()
}

// A toTrace says what to trace of a host.
type toTrace struct {
	lost   map[netip.Addr][]int          // indices of the results that timed out
	beside map[netip.Addr]*socket.Target // the best port of an address to compare with
}

// lookOver finds what to trace in the results of a host.
func lookOver(host []Result) toTrace {
	found := toTrace{map[netip.Addr][]int{}, map[netip.Addr]*socket.Target{}}
	ranks := map[netip.Addr]int{}
	for i, res := range host {
		if rank := rankOf(res); rank > ranks[res.Address] {
			to := targetOf(res)
			ranks[res.Address], found.beside[res.Address] = rank, &to
		}
		if res.Verdict == TimedOut && !res.Check.IsControl() {
			found.lost[res.Address] = append(found.lost[res.Address], i)
		}
	}
	return found
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
