// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

// A Returner checks back, for a Desk: it asks a near end every port of the role that this
// will have, as a server of its own roles would.
type Returner struct {
	Catalog *catalog.Catalog
	Roles   []string   // of this end
	Tool    string     // "exreach v0.14.0"
	Machine string     // the name of this machine
	Pool    probe.Pool // asks the near end; the zero value is ready to use
}

// mostOpenings is how many ports a near end may tell of.
const mostOpenings = 512

// Check checks back, and returns the report as exreach writes it in JSON. Its errors are for
// the near end.
func (r Returner) Check(ctx context.Context, to Return) ([]byte, error) {
	began := time.Now()
	plan, from, err := r.plan(to)
	if err != nil {
		return nil, err
	}
	pool, host := r.Pool, to.To.String()
	if to.From.Is4() == to.To.Is4() {
		pool.Source = to.From
	}
	found := slices.Values([]probe.HostResults{{Host: host, Results: runAgain(ctx, pool, probe.HostPlan{Host: host}, plan, to.Token)}})
	var text bytes.Buffer
	format, err := report.FormatNamed("json", report.FormatNames())
	if err != nil {
		return nil, err
	}
	draft := report.NewDraft(format.Outlet(&text, content.Style{}))
	run := content.NewRun(r.Tool, from, began)
	run.Machine = r.Machine
	draft.Know(1, run)
	for host := range judge.Hosts(ctx, found, began, nil) {
		if err := draft.Add(host); err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, errors.New("the check back took too long, or the listener ended")
	}
	run.Took = content.InSeconds(time.Since(began))
	draft.Know(1, run)
	if err := draft.End(); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// plan returns what to ask the near end, for every role of this one, and as whom: the first
// that has anything to ask.
func (r Returner) plan(to Return) (plan []planned, from string, err error) {
	if len(to.Ports) > mostOpenings {
		return nil, "", fmt.Errorf("the request names more than %d ports", mostOpenings)
	}
	var checks []catalog.Check
	var failed error
	host := catalog.Host{Name: to.To.String(), Version: to.Version, Role: to.Role}
	for _, role := range r.Roles {
		more, err := r.Catalog.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, role)
		if err != nil {
			failed = err
			continue
		}
		from = cmp.Or(from, role)
		checks = append(checks, more...)
	}
	if from == "" {
		return nil, "", fmt.Errorf("nothing to check back: %w", failed)
	}
	v, err := r.Catalog.Version(checks[0].Version)
	if err != nil {
		return nil, "", err
	}
	return again(distinct(checks), credible(to.Ports, v)), from, nil
}

// distinct leaves out what is asked already for another role. An endpoint mapper is asked for
// the interfaces of all.
func distinct(checks []catalog.Check) (kept []catalog.Check) {
	same := func(a, b catalog.Check) bool {
		return a.Service.Network == b.Service.Network && a.Service.Ports == b.Service.Ports && a.Service.Name == b.Service.Name
	}
	for _, c := range checks {
		at := slices.IndexFunc(kept, func(k catalog.Check) bool { return same(k, c) })
		if at < 0 {
			c.Behind = slices.Clone(c.Behind)
			kept = append(kept, c)
			continue
		}
		for _, b := range c.Behind {
			if !slices.ContainsFunc(kept[at].Behind, func(k catalog.Check) bool { return same(k, b) }) {
				kept[at].Behind = append(kept[at].Behind, b)
			}
		}
	}
	return kept
}

// credible returns what a near end may tell of its ports: which ports of its version it could
// not open, and where in the range of its version its interfaces are. It cannot have anything
// else asked.
func credible(openings []far.Opening, v catalog.Version) []far.Opening {
	ranges := []catalog.Ports{{First: 49152, Last: 65535}}
	for _, s := range v.Services {
		if s.Protocol == "rpc" && s.Ports.First != 0 && !s.Ports.Single() {
			ranges = append(ranges, s.Ports)
		}
	}
	return slices.DeleteFunc(slices.Clone(openings), func(o far.Opening) bool {
		if o.State == far.Open {
			within := slices.ContainsFunc(ranges, func(r catalog.Ports) bool { return r.First <= o.Port && o.Port <= r.Last })
			return !within || !slices.ContainsFunc(v.Services, func(s catalog.Service) bool { return s.RPC != nil && s.Name == o.Service })
		}
		return !slices.ContainsFunc(v.Services, func(s catalog.Service) bool {
			return s.Network == o.Network && s.Ports.Single() && s.Ports.First == o.Port
		})
	})
}

// returnsAtOnce is how many near ends are checked at once.
const returnsAtOnce = 2

var errBusy = errors.New("the listener is checking back to others: try again in some minutes")

// back answers a request to check back.
func (d *Desk) back(ctx context.Context, from, here netip.Addr, r request) answer {
	switch {
	case d.Return == nil:
		return answer{Error: "the listener was not started with --reverse"}
	case r.Return == nil || !isToken(r.Return.Token):
		return answer{Error: "the request does not say what to check, and with which token"}
	}
	d.mu.Lock()
	busy := d.returning == returnsAtOnce
	if !busy {
		d.returning++
	}
	d.mu.Unlock()
	if busy {
		return answer{Error: errBusy.Error()}
	}
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.returning--
	}()
	ctx, stop := context.WithTimeout(ctx, returnTime-requestTime)
	defer stop()
	to := *r.Return
	to.To, to.From = from, here
	text, err := d.Return(ctx, to)
	switch {
	case err != nil:
		return answer{Error: err.Error()}
	case len(text) > answerLimit-lineLimit:
		return answer{Error: "the report of the check back is too long for a contact"}
	}
	return answer{Report: text}
}
