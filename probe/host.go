// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe/gauge"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
)

// A host is what the checks of one plan share. It lives until all of them are over,
// so a long list of hosts costs no memory.
type host struct {
	// Inputs; newHost sets them.
	run    *run
	plan   HostPlan
	orders []int      // Result.Order of each check of the plan
	slots  *hostSlots // shared with all runs that ask the host

	checks sync.WaitGroup
	crowd  *crowd
	gauge  *gauge.Host

	resolved *gate // lets all through when the lookup is over, which sets the next three
	found    *lookup.Name
	err      error
	took     time.Duration

	mu    sync.Mutex // guards the fields below
	doors map[doorway]*door
	paths map[netip.Addr]*path
	heard [][]Result // by check
}

func (r *run) newHost(plan HostPlan) *host {
	h := &host{
		run:      r,
		plan:     plan,
		slots:    r.shared.use(plan.Host),
		resolved: newGate(),
		crowd:    newCrowd(len(plan.Checks)),
		doors:    map[doorway]*door{},
		paths:    map[netip.Addr]*path{},
		heard:    make([][]Result, len(plan.Checks)),
	}
	next := 0
	for _, c := range plan.Checks {
		h.orders = append(h.orders, next)
		next += 1 + len(c.Behind)
	}
	h.gauge = r.pool.Gauge.Begin(plan.Host, catalog.CountRows(plan.Checks))
	return h
}

// begin begins every check as soon as there is a slot for it. The caller calls await
// once, which waits until all checks are over and returns their results.
func (h *host) begin(ctx context.Context) (await func() HostResults) {
	for i := range h.plan.Checks {
		giveBack := h.run.checkSlot(ctx)
		ask := func() {
			defer giveBack()
			h.crowd.begin()
			h.check(ctx, i)
			h.crowd.end()
		}
		if ctx.Err() != nil { // no slot is waited for any more: one check after the other, or they pile up
			ask()
		} else {
			h.checks.Go(ask)
		}
	}
	return h.results
}

// results waits until all checks are over, and returns their results.
func (h *host) results() HostResults {
	h.checks.Wait()
	h.gauge.End()
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
	row := h.gauge.Begin(c)
	if h.resolve(ctx, row); h.err != nil {
		res := h.nameless(ctx, i)
		res.sayEnd(ctx)
		h.heard[i] = append(h.heard[i], res)
		row.End(false, 0)
		return
	}
	var mu sync.Mutex
	emit := func(res Result) {
		res.At = time.Now()
		res.sayEnd(ctx)
		mu.Lock()
		defer mu.Unlock()
		h.heard[i] = append(h.heard[i], res)
	}
	var each sync.WaitGroup
	for n, addr := range h.found.Addrs {
		if n > 0 {
			row = h.gauge.More(c)
		}
		a := h.newAsking(c, netip.AddrPortFrom(addr, c.Service.Ports.First), row)
		each.Go(func() {
			res := a.ask(ctx)
			res.Name, res.Order = h.found, h.orders[i]
			res.Steps = append([]Timing{{protocol.Resolve, h.took}}, res.Steps...)
			emit(res)
			h.follow(ctx, res, emit)
		})
	}
	each.Wait()
}

// resolve looks the host's name up. The first caller does it, and the others wait.
func (h *host) resolve(ctx context.Context, row *gauge.Row) {
	began := time.Now()
	defer row.Enter(gauge.Resolving, func() gauge.Wait {
		waited := time.Since(began)
		return gauge.Wait{Left: h.run.timeouts.Resolve - waited, Overdue: waited > 2*time.Second, ForAll: true}
	})()
	if h.resolved.isFirst() {
		found, err := h.run.resolveAwake(ctx, h.plan.Host)
		h.found, h.took, h.err = &found, found.Took, err
		h.resolved.letAll()
	}
	<-h.resolved.free // the lookup ends with ctx
}

// nameless returns the result of a check whose host's name could not be resolved.
func (h *host) nameless(ctx context.Context, i int) Result {
	c := h.plan.Checks[i]
	res := Result{Check: c, Order: h.orders[i], Name: h.found, Port: c.Service.Ports.First, Step: protocol.Resolve, Tries: 1, Took: h.took, At: time.Now()}
	res.Steps = []Timing{{protocol.Resolve, h.took}}
	res.Verdict, res.Obstacle, res.Detail = judgeLookup(h.err, ctx.Err() != nil)
	return res
}

// path returns what the run has learned of the way to an address of the host.
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
func (h *host) door(addr netip.AddrPort, s catalog.Service) *door {
	h.mu.Lock()
	defer h.mu.Unlock()
	where := doorway{s.Network, addr}
	d := h.doors[where]
	if d == nil {
		d = &door{slots: h.slots.port(where, s.HTTP != nil), probed: newGate()}
		h.doors[where] = d
	}
	return d
}

// portsPerInterface bounds how many ports of one interface are followed: some
// servers register one endpoint per database or process.
const portsPerInterface = 8

// follow asks the checks behind an endpoint mapper that answered: each
// interface on the port that the mapper gave, at the address the user named,
// since towers often carry 0.0.0.0 or an address of the inside.
func (h *host) follow(ctx context.Context, mapper Result, emit func(Result)) {
	if mapper.Verdict != Answered || mapper.Peer == nil {
		return
	}
	var each sync.WaitGroup
	for i, c := range mapper.Check.Behind {
		ports := portsOf(*c.Service.RPC, mapper.Peer.Endpoints)
		order := mapper.Order + 1 + i
		if len(ports) == 0 {
			res := portless(c, mapper)
			res.Order = order
			emit(res)
			h.gauge.More(c).End(false, 0)
		}
		for _, port := range ports {
			each.Go(func() {
				c := c
				c.Service.Ports = catalog.Ports{First: port, Last: port}
				res := h.newAsking(c, netip.AddrPortFrom(mapper.Address, port), h.gauge.More(c)).ask(ctx)
				res.Parent, res.Order = mapper.Check.Service.Name, order
				emit(res)
			})
		}
	}
	each.Wait()
}

// portsOf returns the TCP ports on which an interface listens, by an endpoint map: the
// lowest portsPerInterface of them.
func portsOf(want catalog.Interface, endpoints []rpc.Endpoint) []uint16 {
	var ports []uint16
	for _, e := range endpoints {
		if e.Interface().Serves(want) && e.Sequence == "ncacn_ip_tcp" && e.Port != 0 && !slices.Contains(ports, e.Port) {
			ports = append(ports, e.Port)
		}
	}
	slices.Sort(ports)
	return ports[:min(len(ports), portsPerInterface)]
}

// portless returns the result for an interface whose port the mapper did not give.
func portless(c catalog.Check, mapper Result) Result {
	res := Result{
		Check:   c,
		Parent:  mapper.Check.Service.Name,
		Address: mapper.Address,
		Source:  mapper.Source,
		Verdict: Refused, // the host said that nothing serves it
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
