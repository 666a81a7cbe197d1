// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"exreach/probe/socket"
)

// noWait is the time of a timer that fires at once. Zero would do as well,
// but many such timers crash the race detector in the bubbles of package synctest
// (golang/go#78156).
const noWait = time.Nanosecond

// A walk is one path while a Tracer traces it. It asks the hops side by side: the next
// one as soon as the one before has answered, or has not for a while (stagger). So a
// path whose routers all answer costs the target one connection.
type walk struct {
	tracer Tracer
	to     socket.Target

	first  int                        // the TTL to begin with
	hops   map[int]Hop                // the hops whose asking is over, by TTL
	cancel map[int]context.CancelFunc // ends a hop that is being asked
	back   chan asked                 // from the hops that are being asked
	next   int                        // the TTL to ask next
	heard  int                        // the farthest TTL that answered
	end    int                        // nothing behind this TTL matters
	err    error                      // why this machine cannot ask
}

// An asked is a hop that was asked, or that this machine could not ask.
type asked struct {
	Hop
	err error // why it could not; nil where it could
}

func newWalk(t Tracer, to socket.Target, first, last int) *walk {
	return &walk{
		tracer: t, to: to, first: first, next: first, heard: first - 1, end: last,
		hops: map[int]Hop{}, cancel: map[int]context.CancelFunc{}, back: make(chan asked),
	}
}

// run asks hop after hop until the path has ended or says nothing any more. It waits for
// every hop that it has started to ask.
func (w *walk) run(ctx context.Context) {
	next := time.NewTimer(noWait) // for the next hop
	defer next.Stop()
	for w.goesOn(ctx) || len(w.cancel) > 0 {
		var due <-chan time.Time
		if w.goesOn(ctx) {
			due = next.C
		}
		select {
		case <-due:
			w.start(ctx)
			next.Reset(stagger)
		case a := <-w.back:
			w.take(a)
			if a.TTL == w.next-1 && a.Said != SaidNothing {
				next.Reset(noWait)
			}
		}
	}
}

// goesOn reports whether another hop should be asked now.
func (w *walk) goesOn(ctx context.Context) bool {
	return ctx.Err() == nil && w.next <= w.end && w.next-w.heard <= silentHops
}

// start asks the next hop.
func (w *walk) start(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	ttl := w.next
	w.next++
	w.cancel[ttl] = stop
	go func() { w.back <- w.tracer.hop(ctx, w.to, ttl) }()
}

// take takes in what a hop said. Behind one that ends the path, no hop needs to be
// asked any more.
func (w *walk) take(a asked) {
	w.cancel[a.TTL]()
	delete(w.cancel, a.TTL)
	w.hops[a.TTL] = a.Hop
	switch {
	case a.err != nil && w.err == nil:
		w.err, w.end = a.err, 0
	case a.Said.ends():
		w.end = min(w.end, a.TTL)
	}
	if a.Said != SaidNothing {
		w.heard = max(w.heard, a.TTL)
	}
	for ttl, stop := range w.cancel {
		if ttl > w.end {
			stop()
		}
	}
}

// path returns what the walk has found; over says that the time ran out.
func (w *walk) path(over bool) Path {
	p := Path{Target: w.to, Err: w.err}
	for ttl := w.first; ttl < w.next && ttl <= w.end; ttl++ {
		p.Hops = append(p.Hops, w.hops[ttl])
	}
	p.Ended = over && !p.End().Said.ends()
	return p
}

// hop asks a hop until it has given as many answers as the Tracer wants or the tries
// are used up. An answer that ends the path is enough.
func (t Tracer) hop(ctx context.Context, to socket.Target, ttl int) asked {
	h := Hop{TTL: ttl, Said: SaidNothing}
	wanted := cmp.Or(t.Answers, 1)
	for _, wait := range hopWaits {
		limited, stop := context.WithTimeout(ctx, wait)
		began := time.Now()
		r := t.asker()(limited, to, ttl)
		over := limited.Err() != nil
		stop()
		if r.Err != nil && !over {
			return asked{h, r.Err}
		}
		h.add(r, time.Since(began))
		if h.Said != SaidNothing {
			wanted--
		}
		if h.Said.ends() || wanted == 0 || ctx.Err() != nil {
			break
		}
	}
	return asked{Hop: h}
}

// add adds a reply to what the hop said. Replies differ when paths of different length
// lead to one target; the one that ends the path comes last, says more, and replaces the
// others.
func (h *Hop) add(r Reply, took time.Duration) {
	if r.Said == SaidNothing {
		return
	}
	if h.Said != r.Said {
		h.Said, h.Self, h.Took, h.From = r.Said, r.Self, took, nil
	}
	if r.From.IsValid() && !slices.Contains(h.From, r.From) {
		h.From = append(h.From, r.From)
		slices.SortFunc(h.From, netip.Addr.Compare)
	}
}
