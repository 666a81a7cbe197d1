// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
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
	host := to.To.String()
	found := slices.Values([]probe.HostResults{{Host: host, Results: runAgain(ctx, r.Pool, probe.HostPlan{Host: host}, plan, to.Token)}})
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

// plan returns what to ask the near end, and as whom.
func (r Returner) plan(to Return) (plan []planned, from string, err error) {
	if len(to.Ports) > mostOpenings {
		return nil, "", fmt.Errorf("the request names more than %d ports", mostOpenings)
	}
	host := catalog.Host{Name: to.To.String(), Version: to.Version, Role: to.Role}
	for _, from = range r.Roles {
		var checks []catalog.Check
		if checks, err = r.Catalog.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, from); err == nil {
			return again(checks, to.Ports), from, nil
		}
	}
	return nil, "", fmt.Errorf("nothing to check back: %w", err)
}

// returnsAtOnce is how many near ends are checked at once.
const returnsAtOnce = 2

var errBusy = errors.New("the listener is checking back to others: try again in some minutes")

// back answers a request to check back.
func (d *Desk) back(ctx context.Context, from netip.Addr, r request) answer {
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
	to.To = from
	text, err := d.Return(ctx, to)
	switch {
	case err != nil:
		return answer{Error: err.Error()}
	case len(text) > answerLimit-lineLimit:
		return answer{Error: "the report of the check back is too long for a contact"}
	}
	return answer{Report: text}
}
