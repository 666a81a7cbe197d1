// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"

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
}

// askAgain asks the plan of the host again at the address of the listener, with the token and
// on tape. It fails if it was not asked to the end.
func (p *proving) askAgain(ctx context.Context, r far.Record) ([]probe.Result, error) {
	pool := p.pool
	pool.Taped, pool.Token = true, p.token
	pool.Gauge, pool.Credentials = nil, nil // a password is nothing for a stand-in
	pool.Resolver = &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{p.at.Address}, nil }}
	plan := planOf(p.host.Results, r)
	var checks []catalog.Check
	for _, each := range plan {
		checks = append(checks, each.check)
	}
	var second []probe.Result
	for h := range pool.Run(ctx, slices.Values([]probe.HostPlan{{Host: p.host.Host, Place: p.host.Place, Checks: checks}})) {
		second = append(second, h.Results...)
	}
	if ctx.Err() != nil {
		return nil, errors.New("the run ended before the plan had been asked again")
	}
	name := nameOf(p.host.Results)
	return inPlace(second, plan, name), nil
}

// nameOf returns what was found of the host's name at first: the second run looks up nothing.
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

// planOf makes the plan again of which these are the results, for a listener with these
// openings.
func planOf(results []probe.Result, r far.Record) (plan []planned) {
	first := slices.DeleteFunc(slices.Clone(results), func(r probe.Result) bool { return r.Parent != "" })
	slices.SortStableFunc(first, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	first = slices.CompactFunc(first, func(a, b probe.Result) bool { return a.Order == b.Order })
	for _, res := range first {
		plan = append(plan, adapted(res.Check, res.Order, r.Openings)...)
	}
	return plan
}

// again returns a plan as it is asked of a listener with these openings.
func again(plan []catalog.Check, openings []far.Opening) (checks []catalog.Check) {
	for _, c := range plan {
		for _, a := range adapted(c, 0, openings) {
			checks = append(checks, a.check)
		}
	}
	return checks
}

// adapted returns a check as it is asked of a listener with these openings. A port of another
// program is only to be reached, and without an endpoint mapper the interfaces behind it are
// asked at the ports that the listener names.
func adapted(check catalog.Check, order int, openings []far.Opening) []planned {
	opening, known := openingAt(openings, check.Service)
	mapped := len(check.Behind) > 0
	if known && opening.State == far.Held && check.Service.Network == catalog.TCP {
		check.Service.Protocol, check.Service.TLS, check.Service.HTTP = bare, catalog.NoTLS, nil
	}
	if mapped && known && opening.State != far.Open {
		return append([]planned{{withoutBehind(check), order, ""}}, unmapped(check, order, openings)...)
	}
	return []planned{{check, order, ""}}
}

func withoutBehind(c catalog.Check) catalog.Check {
	c.Behind = nil
	return c
}

// openingAt returns what became of the port of a service, the best of several openings.
func openingAt(openings []far.Opening, s catalog.Service) (found far.Opening, known bool) {
	for _, o := range openings {
		if o.Network == s.Network && o.Port == s.Ports.First && (!known || o.State == far.Open) {
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
		plan = append(plan, planned{c, order + 1 + i, mapper.Service.Name})
	}
	return plan
}

// inPlace gives the second results the places of the first.
func inPlace(second []probe.Result, plan []planned, name *lookup.Name) []probe.Result {
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
		if r.Name != nil {
			r.Name = name
		}
		if r.Parent != "" {
			r.Name = nil
		}
	}
	return second
}

// merged puts the second results of an address in the place of the first, in the order of
// the plan. A check that the second plan did not have keeps its first result.
func merged(first, second []probe.Result, addr netip.Addr) []probe.Result {
	again := map[int]bool{}
	for _, r := range second {
		again[r.Order] = true
	}
	var all []probe.Result
	for _, r := range first {
		if r.Address != addr || !again[r.Order] {
			all = append(all, r)
		}
	}
	all = append(all, second...)
	slices.SortStableFunc(all, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	return all
}
