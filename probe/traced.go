// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// What bounds the traces of a run. Few at a time for one address keep its
// routers below their limits on ICMP, so that they do not fall silent for that.
const (
	tracedAddresses = 64 // further ones are passed on untraced
	tracesAtOnce    = 4  // of one address
	addressesAtOnce = 8
	tracesTime      = 2 * time.Minute // all of them
)

// Results passes the results of a run on. Those that timed out it keeps until
// the run is over, and traces them: each port of an address once, beside one of
// the same address that answered. An address at which nothing answered is
// traced once, at the first row of the plan. What could not be traced in time
// comes without a trace.
func (t Tracer) Results(ctx context.Context, results iter.Seq[Result]) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		var s survey
		for res := range results {
			if !s.keep(res) && !yield(res) {
				return
			}
		}
		ctx, stop := context.WithTimeout(ctx, tracesTime)
		defer stop()
		out := make(chan Result)
		go t.survey(ctx, &s, out)
		more := true
		for res := range out {
			if more = more && yield(res); !more {
				stop() // what is under way ends by itself, and is waited for
			}
		}
	}
}

// survey traces what is kept, address by address, and closes out.
func (t Tracer) survey(ctx context.Context, s *survey, out chan<- Result) {
	defer close(out)
	var group errgroup.Group
	group.SetLimit(addressesAtOnce)
	for rows := range maps.Values(s.kept) {
		group.Go(func() error {
			t.address(ctx, rows, s.answers[rows[0].Address].best, out)
			return nil
		})
	}
	_ = group.Wait() // the functions above return no error
}

// address traces the ports of one address, beside the one that answers.
func (t Tracer) address(ctx context.Context, rows []Result, answers *Target, out chan<- Result) {
	slices.SortStableFunc(rows, func(a, b Result) int { return cmp.Compare(a.Check.Order, b.Check.Order) })
	beside := sync.OnceValue(func() *Path {
		if answers == nil {
			return nil
		}
		path := t.Path(ctx, *answers)
		return &path
	})
	ports := map[doorway][]Result{}
	for i, res := range rows {
		if answers == nil && i > 0 && doorOf(res) != doorOf(rows[0]) {
			out <- res // of a dead address, the first port stands for all
			continue
		}
		ports[doorOf(res)] = append(ports[doorOf(res)], res)
	}
	var group errgroup.Group
	group.SetLimit(tracesAtOnce)
	group.Go(func() error { beside(); return nil })
	for port := range maps.Values(ports) {
		group.Go(func() error {
			var trace *Trace
			if ctx.Err() == nil {
				trace = &Trace{Path: t.Path(ctx, targetOf(port[0])), Beside: beside()}
			}
			for _, res := range port {
				res.Trace = trace
				out <- res
			}
			return nil
		})
	}
	_ = group.Wait()
}

// A survey is what a run's results say about what to trace. The zero value is
// empty.
type survey struct {
	kept    map[netip.Addr][]Result
	answers map[netip.Addr]answering
}

// An answering is the best port of an address to compare with.
type answering struct {
	best *Target
	rank int
}

// keep looks at a result, and reports whether it is kept to be traced.
func (s *survey) keep(res Result) bool {
	if s.kept == nil {
		s.kept, s.answers = map[netip.Addr][]Result{}, map[netip.Addr]answering{}
	}
	if rank := rankOf(res); rank > s.answers[res.Address].rank {
		to := targetOf(res)
		s.answers[res.Address] = answering{&to, rank}
	}
	if res.Verdict != TimedOut || res.Check.IsControl() ||
		s.kept[res.Address] == nil && len(s.kept) == tracedAddresses {
		return false
	}
	s.kept[res.Address] = append(s.kept[res.Address], res)
	return true
}

// rankOf says how good a port is to compare with: one that accepts shows more
// than one that resets, which a firewall may do as well; TCP needs no question;
// and a port of the plan is one that the reader knows. 0 is not at all.
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

func targetOf(res Result) Target {
	return NewTarget(res.Check, netip.AddrPortFrom(res.Address, res.Port))
}
