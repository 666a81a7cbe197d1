// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// check asks one check at every address of its host.
func (r *run) check(ctx context.Context, h *host, c catalog.Check, emit func(Result)) {
	addrs, err := r.resolve(ctx, h)
	if err != nil {
		res := Result{Check: c, Port: c.Service.Ports.First, Step: protocol.Resolve, Tries: 1, Took: h.took}
		res.Steps = []Timing{{protocol.Resolve, h.took}}
		res.Verdict, res.Detail = judgeLookup(err, ctx.Err() != nil)
		emit(res)
		return
	}
	var each sync.WaitGroup
	for _, addr := range addrs {
		each.Go(func() {
			res := r.ask(ctx, h, c, netip.AddrPortFrom(addr, c.Service.Ports.First))
			res.Steps = append([]Timing{{protocol.Resolve, h.took}}, res.Steps...)
			emit(res)
			r.follow(ctx, h, res, emit)
		})
	}
	each.Wait()
}

// ask finds the verdict on one check at one address: it waits for its turn,
// asks, and asks again where that may tell more.
func (r *run) ask(ctx context.Context, h *host, c catalog.Check, at netip.AddrPort) Result {
	res := Result{Check: c, Address: at.Addr(), Port: at.Port(), Step: protocol.Connect, Verdict: Untried}
	d := h.door(at, c.Service)
	for _, slots := range []*semaphore.Weighted{d.slots, h.slots, r.slots} {
		if slots.Acquire(ctx, 1) != nil {
			res.Detail = "interrupted before it was this check's turn"
			return res
		}
		defer slots.Release(1)
	}
	if shut := d.closed(); shut != nil {
		known := *shut
		known.Check = c
		return known
	}
	r.attempts(ctx, &res, at)
	if sameForAll(res) {
		d.close(res)
	}
	return res
}

// sameForAll reports whether every other check of the port will end like res:
// it failed before anything of its own was said.
func sameForAll(res Result) bool {
	if res.Verdict == Untried {
		return false
	}
	return res.Step == protocol.Connect && res.Verdict != Answered ||
		res.Step == protocol.TLS && res.Verdict != Answered && res.Check.Service.TLS.First()
}

// attempts asks until the verdict is certain, the tries are used up or the
// check's time is over.
func (r *run) attempts(ctx context.Context, res *Result, at netip.AddrPort) {
	start := time.Now()
	limited, stop := context.WithTimeout(ctx, r.timeouts.Check)
	defer stop()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		a := r.attempt(limited, res.Check, at)
		shortage := a.record(res, ctx.Err() != nil)
		if !shortage {
			res.Tries++
		}
		if limited.Err() != nil || !shortage && (res.Tries >= r.tries || !worthRepeating(res.Verdict)) {
			break
		}
		if shortage && !wait(limited, pause) {
			break
		}
	}
	res.Took = time.Since(start)
	if res.Verdict == TimedOut {
		res.Detail = noReply(res.Check.Service.Network, res.Tries, r.timeouts.Connect, res.Took)
	}
}

// worthRepeating reports whether another try may find something else: a lost
// packet looks like a filter, and a busy server hangs up.
func worthRepeating(v Verdict) bool { return v == TimedOut || v == Cut }

// wait sleeps, unless ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
