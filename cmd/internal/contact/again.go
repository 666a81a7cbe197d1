// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/lookup"
)

// A planned is a check that is asked again, and the place of its first results.
type planned struct {
	check  catalog.Check
	order  int
	parent string
	other  bool // another program has the port: it is only to be reached, and learns no token
}

// askAgain asks again at the address of the listener what that has open, on tape. It fails if
// it was not asked to the end.
func (p *proving) askAgain(ctx context.Context, r far.Record) ([]probe.Result, error) {
	pool := p.pool
	pool.Gauge, pool.Credentials = nil, nil // a password is nothing for a stand-in
	pool.Resolver = &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{p.at.Address}, nil }}
	here := slices.DeleteFunc(slices.Clone(p.host.Results), func(res probe.Result) bool { return res.Address != p.at.Address }) // another listener may have changed the rest
	second := runAgain(ctx, pool, probe.HostPlan{Host: p.host.Host, Place: p.host.Place}, planOf(here, r), p.token)
	if ctx.Err() != nil {
		return nil, errors.New("the run ended before the plan had been asked again")
	}
	name := nameOf(p.host.Results) // this run looked up nothing
	for i := range second {
		if second[i].Name != nil {
			second[i].Name = name
		}
	}
	return second, nil
}

// linger is for how long a port of another program is held open: the listener finds the
// connection in its system's table only if it looks meanwhile, which it does five times a
// second, and less often on a busy machine.
const linger = time.Second

// runAgain asks a plan on tape. The token goes to the other end's stand-in only.
func runAgain(ctx context.Context, pool probe.Pool, host probe.HostPlan, plan []planned, token string) (results []probe.Result) {
	pool.Taped = true
	for _, other := range []bool{false, true} {
		part := slices.DeleteFunc(slices.Clone(plan), func(c planned) bool { return c.other != other })
		if len(part) == 0 {
			continue
		}
		host.Checks = nil
		for _, c := range part {
			host.Checks = append(host.Checks, c.check)
		}
		if pool.Token = token; other {
			pool.Token, pool.Linger = "", linger
		}
		for h := range pool.Run(ctx, slices.Values([]probe.HostPlan{host})) {
			results = append(results, inPlace(h.Results, part)...)
		}
	}
	slices.SortStableFunc(results, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	return results
}

// nameOf returns what was found of the host's name at first.
func nameOf(results []probe.Result) *lookup.Name {
	for _, r := range results {
		if r.Name != nil {
			return r.Name
		}
	}
	return nil
}

// bare is the protocol of a check that only connects: what another program answers is not
// ours to judge.
const bare = "tcp"

// planOf makes the plan to ask again, of the checks with these results, for a listener with
// these openings. It has what the listener has open, and what another program has.
func planOf(results []probe.Result, r far.Record) (plan []planned) {
	first := slices.DeleteFunc(slices.Clone(results), func(r probe.Result) bool { return r.Parent != "" })
	slices.SortStableFunc(first, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	first = slices.CompactFunc(first, func(a, b probe.Result) bool { return a.Order == b.Order })
	for _, res := range first {
		opening, _ := openingAt(r.Openings, res.Check.Service.Network, res.Check.Service.Ports.First)
		for _, c := range adapted(res.Check, res.Order, r.Openings) {
			if opening.State == far.Open || c.other || c.parent != "" {
				plan = append(plan, c)
			}
		}
	}
	return plan
}

// again returns a plan as it is asked of an end with these openings. What they do not name is
// asked as planned.
func again(plan []catalog.Check, openings []far.Opening) (adaptedPlan []planned) {
	order := 0
	for _, c := range plan {
		adaptedPlan = append(adaptedPlan, adapted(c, order, openings)...)
		order += 1 + len(c.Behind)
	}
	return adaptedPlan
}

// adapted returns a check as it is asked of an end with these openings. A TCP port of another
// program is only to be reached, and without an endpoint mapper the interfaces behind it are
// asked at the ports that the other end names.
func adapted(check catalog.Check, order int, openings []far.Opening) []planned {
	opening, known := openingAt(openings, check.Service.Network, check.Service.Ports.First)
	mapped := len(check.Behind) > 0
	other := known && opening.State == far.Held && check.Service.Network == catalog.TCP
	if other {
		check.Service.Protocol, check.Service.TLS, check.Service.HTTP = bare, catalog.NoTLS, nil
	}
	if mapped && known && opening.State != far.Open {
		return append([]planned{{withoutBehind(check), order, "", other}}, unmapped(check, order, openings)...)
	}
	return []planned{{check, order, "", other}}
}

func withoutBehind(c catalog.Check) catalog.Check {
	c.Behind = nil
	return c
}

// openingAt returns what became of a port, the best of several openings.
func openingAt(openings []far.Opening, network catalog.Network, port uint16) (found far.Opening, known bool) {
	for _, o := range openings {
		if o.Network == network && o.Port == port && (!known || o.State == far.Open) {
			found, known = o, true
		}
	}
	return found, known
}

// unmapped plans the interfaces behind an endpoint mapper that is not the listener's, at the
// ports that the listener names.
func unmapped(mapper catalog.Check, order int, openings []far.Opening) (plan []planned) {
	for i, c := range mapper.Behind {
		at := slices.IndexFunc(openings, func(o far.Opening) bool {
			return o.Service == c.Service.Name && o.Network == catalog.TCP && o.State == far.Open
		})
		if at < 0 {
			continue
		}
		port := openings[at].Port
		c.Service.Ports = catalog.Ports{First: port, Last: port}
		plan = append(plan, planned{c, order + 1 + i, mapper.Service.Name, false})
	}
	return plan
}

// inPlace gives the results of a plan that is asked again the places of the first.
func inPlace(second []probe.Result, plan []planned) []probe.Result {
	begin := make([]int, len(plan)) // Result.Order of each check in the second plan
	for i, next := 0, 0; i < len(plan); i++ {
		begin[i] = next
		next += 1 + len(plan[i].check.Behind)
	}
	for i := range second {
		r := &second[i]
		at, exact := slices.BinarySearch(begin, r.Order)
		if !exact {
			at--
		}
		r.Order += plan[at].order - begin[at]
		if r.Parent == "" {
			r.Parent = plan[at].parent
		}
		if r.Parent != "" {
			r.Name = nil
		}
	}
	return second
}

// merged puts the second results of an address in the place of the first, in the order of
// the plan. A check keeps its first result if it was not asked again, or if another program
// has its port and the listener's host did not see the connection: what answers there may
// be anything on the way.
func merged(first, second []probe.Result, r far.Record, addr netip.Addr) []probe.Result {
	again, unseen := map[int]bool{}, map[int]*far.Sight{}
	var all []probe.Result
	for _, res := range second {
		if res.Check.Service.Protocol == bare && !isSeen(res, r) {
			unseen[res.Order] = unseenBy(res.Far)
			continue
		}
		again[res.Order] = true
		all = append(all, res)
	}
	for _, res := range first {
		switch {
		case res.Address != addr:
		case again[res.Order]:
			continue
		case unseen[res.Order] != nil:
			res.Far = unseen[res.Order]
		default:
			res.Far = unasked(res, r)
		}
		all = append(all, res)
	}
	slices.SortStableFunc(all, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	return all
}

// isSeen reports whether a check of a port that another program has may take the place of the
// first one: the connection came about, and arrived at the listener's host.
func isSeen(res probe.Result, r far.Record) bool {
	opening, _ := openingAt(r.Openings, catalog.TCP, res.Port)
	return opening.State == far.Open || res.Connected() && res.Far != nil && len(res.Far.Came) > 0
}

// unseenBy returns what follows for a check of another program's port whose first result
// stays. Nothing is proved of it.
func unseenBy(s *far.Sight) *far.Sight {
	if s != nil && s.Direction != "" {
		return s
	}
	unknown := &far.Sight{Direction: far.NoDirection, Why: far.OtherProgram, Dropped: -1}
	if s != nil {
		unknown.Holder, unknown.Dropped = s.Holder, s.Dropped
	}
	return unknown
}

// unasked returns what follows for a check that was not asked again, because the listener does
// not have its port; nil if it reached no port at all.
func unasked(res probe.Result, r far.Record) *far.Sight {
	if res.Port == 0 || res.Verdict == probe.Untried {
		return nil
	}
	opening, _ := openingAt(r.Openings, res.Check.Service.Network, res.Port)
	s := &far.Sight{Direction: far.NoDirection, Why: far.NotOpen, Dropped: r.Dropped, Note: opening.Error}
	if opening.State == far.Held {
		s.Why, s.Note, s.Holder = far.OtherProgram, "", cmp.Or(opening.Holder, "another program")
	}
	return s
}
