// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"exreach/catalog"
	"exreach/cmd/internal/contact"
	"exreach/cmd/internal/survey"
	"exreach/probe/far"
)

// Back opens the ports of the plan at this end, for far ends that check back, and tells the
// user which could not be opened. It serves those that are checked, and private addresses.
// The caller calls over at the end. It returns an error if no port could be opened.
func (l *Listener) Back(ctx context.Context) (back *contact.Back, over func(), err error) {
	l.isBack = true
	l.begin()
	var guests guests
	l.server = l.newServer()
	l.server.Allow = func(source netip.Addr) bool { return l.Allow.Has(source) || guests.has(source) }
	if err := l.server.Start(ctx); err != nil {
		return nil, nil, fmt.Errorf("cannot listen: %w", err)
	}
	openings := l.server.Openings()
	if !slices.ContainsFunc(openings, isOpen) {
		l.server.Close()
		return nil, nil, l.nothingOpen(openings)
	}
	l.Tell.Note(fmt.Sprintf("--reverse opens every port of %s %s, until the check is over, for the far ends to check back", l.Plan.title(), whereOf(l.Addresses)))
	l.tellUnopened(openings)
	l.tellWall(openings)
	return &contact.Back{
		Version: l.Plan.Version.Name, Role: l.Plan.Roles[0], Openings: l.server.Openings,
		Expect: func(source netip.Addr, token string) (forget func()) {
			leave, unexpect := guests.welcome(source), l.server.Expect(source, token)
			return func() { unexpect(); leave() }
		},
		Wanted: func(from string) ([]catalog.Check, error) {
			host := catalog.Host{Name: "localhost", Version: l.Plan.Version.Name, Role: l.Plan.Roles[0]}
			return l.Catalog.Plan(catalog.Topology{Hosts: []catalog.Host{host}}, from)
		},
		Record: func(source netip.Addr, token string) far.Record { return l.signed(l.server.RecordFor(source, token)) },
	}, l.server.Close, nil
}

func isOpen(o far.Opening) bool { return o.State == far.Open }

// PlanBack makes the plan of this end for far ends that check back: the role is from, who
// connects. An empty version is the newest with that role. Its errors are for the user.
func PlanBack(cat *catalog.Catalog, machine, version, from string) (Plan, error) {
	p, err := PlanFor(cat, []catalog.Host{{Name: machine, Version: survey.VersionCalled(cat, version), Role: from}})
	if word := new(catalog.WordError); errors.As(err, &word) && word.Kind == "role" {
		return p, mistake("name with --from the role that this machine will have, such as --from mailbox: servers connect to each other, and nothing connects to a client", "%q is no server", from)
	}
	return p, err
}

// guests is the sources that were invited, each as often as it was.
type guests struct {
	mu      sync.Mutex // guards invited
	invited map[netip.Addr]int
}

func (g *guests) welcome(source netip.Addr) (leave func()) {
	g.add(source, 1)
	return func() { g.add(source, -1) }
}

func (g *guests) add(source netip.Addr, n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.invited == nil {
		g.invited = map[netip.Addr]int{}
	}
	g.invited[source.Unmap().WithZone("")] += n
}

func (g *guests) has(source netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.invited[source.Unmap().WithZone("")] > 0
}

// returner checks back, for those who ask this listener to.
func (l *Listener) returner() func(context.Context, contact.Return) ([]byte, error) {
	if !l.Reverse {
		return nil
	}
	return contact.Returner{Catalog: l.Catalog, Roles: l.Plan.Roles, Tool: l.Tool, Machine: l.Machine}.Check
}
