// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// A run is what the hosts of one Pool.Run share.
type run struct {
	// Inputs; not changed any more.
	ctx      context.Context // for what belongs to no check
	pool     *Pool
	shared   *Shared
	dial     DialFunc
	small    smallDial // nil where the system does not tell silences apart
	timeouts Timeouts
	refusal  time.Duration  // how long the system may take to tell of a refusal
	mask     *protocol.Mask // hides the password; nil where there is none

	still      *still
	unread     *semaphore.Weighted // of the hosts that are done and not taken
	background sync.WaitGroup      // what no check waits for
}

func newRun(ctx context.Context, p *Pool) *run {
	r := &run{
		ctx:      ctx,
		pool:     p,
		shared:   p.Shared,
		dial:     p.Dial,
		timeouts: p.Timeouts.orDefault(),
		mask:     protocol.NewMask(p.Credentials),
		still:    newStill(p.clock),
		unread:   semaphore.NewWeighted(unread),
	}
	if r.shared == nil {
		r.shared = new(Shared)
	}
	r.shared.begin()
	if r.dial == nil {
		r.dial = socket.Dialer(p.Source)
		r.small = socket.SmallDialer(p.Source)
		r.refusal = socket.RefusalTakes()
	}
	if p.Resolver == nil {
		own := *p
		own.Resolver = &lookup.Resolver{}
		r.pool = &own
	}
	return r
}

// A host is what the checks of one plan share. It lives until all of them are over,
// so a long list of hosts costs no memory.
type host struct {
	// Inputs; not changed any more.
	run    *run
	plan   HostPlan
	orders []int       // of each check of the plan: its place among the results
	places *hostPlaces // shared with whoever else asks the host
	checks sync.WaitGroup

	named *gate // opened when the lookup is over: the three below are set then
	found *lookup.Name
	err   error
	took  time.Duration

	crowd *crowd

	mu    sync.Mutex // protects what is below
	doors map[doorway]*door
	paths map[netip.Addr]*path
	heard [][]Result // by check
}

func (r *run) newHost(plan HostPlan) *host {
	h := &host{
		run:    r,
		plan:   plan,
		places: r.shared.enter(plan.Host),
		named:  newGate(),
		crowd:  newCrowd(len(plan.Checks)),
		doors:  map[doorway]*door{},
		paths:  map[netip.Addr]*path{},
		heard:  make([][]Result, len(plan.Checks)),
	}
	next := 0
	for _, c := range plan.Checks {
		h.orders = append(h.orders, next)
		next += 1 + len(c.Behind)
	}
	return h
}

// begin begins every check as soon as there is a place for it.
func (h *host) begin(ctx context.Context) {
	for i, c := range h.plan.Checks {
		giveBack := h.run.place(ctx)
		h.checks.Go(func() {
			defer giveBack()
			h.crowd.begin()
			h.check(ctx, i)
			h.crowd.end()
			if h.run.pool.Checked != nil {
				h.run.pool.Checked(c)
			}
		})
	}
}

// results waits until all checks are over, and returns what they came to.
func (h *host) results() HostResults {
	h.checks.Wait()
	h.run.shared.leave(h.plan.Host)
	all := HostResults{Host: h.plan.Host, Place: h.plan.Place}
	for _, ofCheck := range h.heard {
		all.Results = append(all.Results, ofCheck...)
	}
	return all
}

// check asks a check of the plan at every address of the host.
func (h *host) check(ctx context.Context, i int) {
	c := h.plan.Checks[i]
	if h.resolve(ctx); h.err != nil {
		h.heard[i] = append(h.heard[i], h.nameless(ctx, i))
		return
	}
	var mu sync.Mutex
	emit := func(res Result, order int) {
		res.Order, res.At = order, time.Now()
		mu.Lock()
		defer mu.Unlock()
		h.heard[i] = append(h.heard[i], res)
	}
	var each sync.WaitGroup
	for _, addr := range h.found.Addrs {
		each.Go(func() {
			a := h.newAsking(c, netip.AddrPortFrom(addr, c.Service.Ports.First))
			res := a.ask(ctx)
			res.Name = h.found
			res.Steps = append([]Timing{{protocol.Resolve, h.took}}, res.Steps...)
			emit(res, h.orders[i])
			h.follow(ctx, res, func(res Result, behind int) { emit(res, h.orders[i]+1+behind) })
		})
	}
	each.Wait()
}

// resolve looks the host's name up. The first caller does, the others wait for that.
func (h *host) resolve(ctx context.Context) {
	if h.named.isFirst() {
		found, err := h.run.resolveAwake(ctx, h.plan.Host)
		h.found, h.took, h.err = &found, found.Took, err
		h.named.open()
	}
	<-h.named.opened // the lookup ends with ctx
}

// nameless is the result where the host's name led to no address.
func (h *host) nameless(ctx context.Context, i int) Result {
	c := h.plan.Checks[i]
	res := Result{Check: c, Order: h.orders[i], Name: h.found, Port: c.Service.Ports.First, Step: protocol.Resolve, Tries: 1, Took: h.took, At: time.Now()}
	res.Steps = []Timing{{protocol.Resolve, h.took}}
	res.Verdict, res.Obstacle, res.Detail = judgeLookup(h.err, ctx.Err() != nil)
	return res
}

// path returns what is known of the way to an address of the host.
func (h *host) path(to netip.Addr) *path {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.paths[to]
	if p == nil {
		p = newPath()
		h.paths[to] = p
	}
	return p
}

// door returns the state of one port of the host.
func (h *host) door(at netip.AddrPort, s catalog.Service) *door {
	h.mu.Lock()
	defer h.mu.Unlock()
	where := doorway{s.Network, at}
	d := h.doors[where]
	if d == nil {
		d = &door{place: h.places.port(where, s.HTTP != nil), known: newGate()}
		h.doors[where] = d
	}
	return d
}
