// SPDX-License-Identifier: Apache-2.0

// Package listening is one listener as a value: a plan and options in, a stand-in that
// serves every port of a role, and what comes to it as a table, a live one on a terminal, or
// as lines of JSON. How it answers is in probe/standin and probe/protocol; what both ends of
// a link tell each other is in cmd/internal/contact. It parses no command line.
package listening

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/contact"
	"exreach/probe/far"
	"exreach/probe/socket/wall"
	"exreach/probe/standin"
)

// A Listener opens what its plan wants and serves it. Set the fields, then call Run once.
type Listener struct {
	Plan      Plan
	Catalog   *catalog.Catalog // where the version is listed
	Addresses []netip.Addr     // none is every address of both families
	Allow     Allowed
	For       time.Duration // it ends after that; 0 is when the context ends
	Code      contact.Code  // that the near end must know
	Reverse   bool          // offer to check back
	User      string        // whom to become once the ports are open; "" is for Drop to choose

	Drop func(user string) (became string, err error) // gives up the privileges of the process: rights.Drop; nil keeps them

	Tool    string // "exreach v0.14.0"
	Machine string // the name of this machine; "" if it has none
	Program string // the path of this program, for rules and rights; "" if it is not known

	Outputs []Output
	Tell    Telling

	isBack  bool   // it serves far ends that check back, for the time of a check
	name    string // of this run
	server  *standin.Server
	close   func() // closes the server, once
	tally   tally
	found   wall.Wall
	wall    string // what is known of the host's own firewall
	started time.Time
	dropped int64 // what wall.Dropped had at the start
}

// Telling is how a Listener speaks to its user, beside its outputs.
type Telling struct {
	Note func(text string) // a line for the user
	Line func(text string) // a line to paste, which must not be wrapped
	Code func(code string) // shows the code of the listener where only people see it; nil if there is no such place
}

// Run opens the ports and serves until ctx ends, or For is over. It returns an error if no
// port could be opened, or an output not be written.
func (l *Listener) Run(ctx context.Context) error {
	l.begin()
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // the end of ctx is heeded by serve, which closes the server
	defer stop()
	l.server = l.newServer()
	if err := l.server.Start(serving); err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	l.close = sync.OnceFunc(l.server.Close)
	defer l.close()
	openings := l.server.Openings()
	if !slices.ContainsFunc(openings, isOpen) {
		return l.nothingOpen(openings)
	}
	became := ""
	if l.Drop != nil {
		var err error
		if became, err = l.Drop(l.User); err != nil {
			return mistake("name another user with --user, or start it without privileges: "+asUser, "cannot give up the privileges: %w", err)
		}
	}
	for _, o := range l.Outputs {
		if err := o.rehearse(became); err != nil {
			return err
		}
	}
	l.tellStart(openings, became)
	return l.serve(ctx)
}

// begin gives the run its name, and notes what there was before it. As root it may see more of
// the firewall than later.
func (l *Listener) begin() {
	l.name, l.started = rand.Text()[:4], time.Now()
	l.dropped, _ = wall.Dropped()
	if l.Program == "" {
		l.Program = "exreach"
	}
	l.found = wall.Look(l.Program)
	l.wall = l.found.Says(portsOf(l.Plan.Openings(nil)))
}

// newServer is the stand-in of the plan.
func (l *Listener) newServer() *standin.Server {
	s := &standin.Server{
		Host: l.Plan.Host, Version: l.Plan.Version.Name, Releases: l.Catalog.Releases(), Services: l.Plan.Services,
		Addresses: l.Addresses, Lenient: true, Static: l.Plan.Static,
		Allow: l.Allow.Has, Guarded: true, Limits: standin.GuardedLimits(), Watch: l.tally.note,
	}
	if len(s.Addresses) == 0 {
		s.Addresses = []netip.Addr{netip.IPv6Unspecified()}
	}
	if !l.Code.IsZero() {
		desk := &contact.Desk{
			Code:   l.Code,
			Record: func(source netip.Addr, token string) far.Record { return l.signed(s.RecordFor(source, token)) },
			Expect: s.Expect,
			Return: l.returner(),
			Watch:  l.tally.visited,
		}
		s.Contact = desk.Serve
	}
	return s
}

// signed completes a record with what the server does not know.
func (l *Listener) signed(r far.Record) far.Record {
	r.Schema, r.Tool, r.Listener, r.Machine = far.Schema, l.Tool, l.name, l.Machine
	r.Host, r.Version, r.Roles = l.Plan.Host, l.Plan.Version.Name, l.Plan.Roles
	r.Started, r.Now, r.Wall, r.Dropped = l.started, time.Now(), l.wall, -1
	if n, known := wall.Dropped(); known {
		r.Dropped = int(max(n-l.dropped, 0)) // the count may fall
	}
	return r
}

// period is how often the outputs are told the news, and a screen is drawn.
const period = time.Second

// serve tells the outputs what comes until the end.
func (l *Listener) serve(ctx context.Context) error {
	if l.For > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, l.For)
		defer stop()
	}
	head := l.signed(l.server.Whole())
	head.Arrivals = nil
	if err := l.each(func(s sink) error { return s.begin(head) }); err != nil {
		return err
	}
	ticks := time.NewTicker(period)
	defer ticks.Stop()
	for ctx.Err() == nil {
		select {
		case <-ticks.C:
		case <-ctx.Done():
		}
		v := view{news: l.tally.look(), ports: l.tally.count(head.Openings), since: time.Since(l.started), visits: l.tally.made()}
		if err := l.each(func(s sink) error { return s.show(v) }); err != nil {
			return err
		}
	}
	l.close()
	last := view{news: l.tally.look(), ports: l.tally.count(head.Openings), since: time.Since(l.started), visits: l.tally.made()}
	if err := l.each(func(s sink) error { return errors.Join(s.show(last), s.end(l.signed(l.server.Whole()), last)) }); err != nil {
		return err
	}
	for _, o := range l.Outputs {
		if err := o.to.Commit(); err != nil {
			return err
		}
	}
	return l.fault()
}

// fault is the first fault of exreach's own, which says that a conversation was not what it
// should have been.
func (l *Listener) fault() error {
	if len(l.tally.faults) == 0 {
		return nil
	}
	return fmt.Errorf("a fault of exreach's own ended a conversation at %s", l.tally.faults[0])
}

// each calls f with every sink.
func (l *Listener) each(f func(sink) error) error {
	for _, o := range l.Outputs {
		if err := f(o.sink); err != nil {
			return err
		}
	}
	return nil
}
