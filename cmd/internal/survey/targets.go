// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"exreach/catalog"
	"exreach/cmd/internal/hostlist"
)

// A target is one host in all its roles.
type target struct {
	place     int            // among the targets
	roles     []catalog.Host // of one name, site and labels
	roleGiven bool           // by the row of a list
}

func (t target) name() string { return t.roles[0].Name }

// isPorts reports whether the user named ports, so only these are checked.
func (t target) isPorts() bool {
	return !slices.ContainsFunc(t.roles, func(h catalog.Host) bool { return h.Ports == nil })
}

// Targets is the hosts of a run: those of a topology, or names of hosts that are all alike
// unless the table that names them says more. Named, Listed and Topology make it, for one
// Survey. If the names come through a pipe, most become known while the run is under way.
type Targets struct {
	options  Options
	topology bool                 // hosts are of a topology, which says who connects and what they are
	from     string               // who connects, where a topology says so
	hosts    []target             // of a topology
	like     catalog.Host         // what a host is if only its name is given
	names    names                // those that are known before anything is asked
	ports    portSets             // of those that were named with a port, by the host in lower case
	list     string               // the name of the list that names them
	rows     map[int]hostlist.Row // what a table says of some of them, by their place
	taker    taker                // turns a row into roles; set if there may be rows
	pipe     *hostList            // where more come from; nil where these are all
	said     []Event              // events from before the run, which tellTo tells
	named    atomic.Int64         // targets so far
	whole    atomic.Bool          // no more will come
}

func newTargets(o Options) *Targets {
	return &Targets{options: o, ports: portSets{}, like: catalog.Host{Version: o.Version, Role: o.Role, Ports: o.Ports}}
}

// ready counts the targets that are known before anything is asked.
func (r *Targets) ready() *Targets {
	r.named.Store(int64(r.names.count + len(r.hosts)))
	r.whole.Store(r.pipe == nil)
	return r
}

// tellTo tells the events from before the run, and sends later ones to tell at once.
func (r *Targets) tellTo(tell func(Event)) {
	for _, e := range r.said {
		tell(e)
	}
	if r.said = nil; r.pipe != nil {
		r.pipe.tell = tell
	}
}

// add takes in one more host, as HostOf returned it. One that is named with several ports is
// one target.
func (r *Targets) add(row hostlist.Row) {
	host, port, given := splitPort(row.Host)
	if !given {
		r.addTarget(row)
		return
	}
	key := strings.ToLower(host)
	if r.ports[key] == nil {
		r.addTarget(row)
	}
	r.ports.add(key, port)
}

func (r *Targets) addTarget(row hostlist.Row) {
	r.names.add(row.Host)
	if row.Says() {
		row.Host = "" // which names has, and which would keep the whole line
		r.rows[r.names.count-1] = row
	}
}

// target makes the target of a name, which is the nth, counted from 0. row is what a table
// says of it.
func (r *Targets) target(name string, n int, row hostlist.Row) target {
	h := r.like
	host, port, given := splitPort(name)
	h.Name = host
	if given {
		own := r.ports.of(strings.ToLower(host))
		if own == nil { // of a pipe
			own = []catalog.Port{port}
		}
		h.Ports = together(own, r.like.Ports)
	}
	if !row.Says() {
		return target{place: n, roles: []catalog.Host{h}}
	}
	h.Origin = fmt.Sprintf("%s:%d", r.list, row.Line)
	return target{place: n, roles: r.taker.described(h, row), roleGiven: row.Roles != nil}
}

// Named makes Targets of the hosts in words, each once. There must be at least one.
func Named(words []string, o Options) (*Targets, error) {
	r := newTargets(o)
	seen := map[string]bool{}
	before := ""
	for _, word := range words {
		if word != "" && isNumber(word) {
			return nil, numberForHost(word, before, o)
		}
		name, err := HostOf(word, o.Family)
		if err != nil {
			return nil, err
		}
		if before = name; strings.Contains(word, "://") {
			r.said = append(r.said, OfURL{catalog.Shown(word), name})
		}
		key := strings.ToLower(name)
		if seen[key] {
			r.said = append(r.said, Repeated{name})
			continue
		}
		seen[key] = true
		if host, _, given := splitPort(key); given && seen[host] || !given && r.ports[key] != nil {
			r.said = append(r.said, NamedTwice{host})
		}
		r.add(hostlist.Row{Host: name})
	}
	if r.names.count == 0 {
		return nil, mistake("such as exreach check mail01.contoso.com; exreach demo shows a check without a server", "there is no host to check")
	}
	return r.ready(), nil
}

// Listed makes Targets of a list, whose words are those of a catalogue. It reads a file
// whole, so all its mistakes show before anything is asked. Of a pipe it reads the first
// host, and the run reads the others: it passes over mistakes, which Survey.Err returns.
func Listed(ctx context.Context, cat *catalog.Catalog, l List, o Options) (*Targets, error) {
	r := newTargets(o)
	r.list, r.rows, r.taker = l.Name, map[int]hostlist.Row{}, taker{cat, cmp.Or(o.From, catalog.DefaultFrom)}
	list := l.read(ctx, r.taker, func(word string) (string, error) { return HostOf(word, o.Family) }, func(e Event) { r.said = append(r.said, e) })
	if o.Ports != nil {
		list.asks = func(hostlist.Row) bool { return true } // named ports are asked for any from
	}
	for {
		row, more := list.next(ctx)
		if !more {
			break
		}
		if l.Pipe {
			r.addTarget(row)
			r.pipe = list
			return r.ready(), nil
		}
		r.add(row)
	}
	runtime.GC() // else garbage may grow to what reading used, and triple the memory
	switch {
	case list.wrong.count > 0:
		return nil, list.wrong.err()
	case ctx.Err() == context.Canceled:
		return nil, fmt.Errorf("interrupted while reading the hosts from %s", list.name)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("cannot read the hosts from %s: %w", list.name, context.Cause(ctx))
	case list.idle.Hosts > 0 && r.names.count == 0:
		return nil, mistake("say who connects, such as --from mailbox", "there is no host to check: the roles in %s have no service for %s", list.name, r.taker.from)
	case r.names.count == 0:
		return nil, mistake("write one host per line", "there is no host to check: %s names none", list.name)
	}
	return r.ready(), nil
}

// upfront is every target that is known before anything is asked.
func (r *Targets) upfront() iter.Seq[target] {
	return func(yield func(target) bool) {
		for _, t := range r.hosts {
			if !yield(t) {
				return
			}
		}
		for n, name := range r.names.all() {
			if !yield(r.target(name, n, r.rows[n])) {
				return
			}
		}
	}
}

// all is every target, until ctx ends. Those of a pipe can be gone through once.
func (r *Targets) all(ctx context.Context) iter.Seq[target] {
	return func(yield func(target) bool) {
		for t := range r.upfront() {
			if ctx.Err() != nil || !yield(t) {
				return
			}
		}
		for r.pipe != nil && ctx.Err() == nil {
			row, more := r.pipe.next(ctx)
			if !more {
				r.whole.Store(r.pipe.ended)
				return
			}
			if n := r.named.Add(1); !yield(r.target(row.Host, int(n)-1, row)) {
				return
			}
		}
	}
}

// parts splits the targets into those that need not be asked what they are and those that
// may have to be. A pipe can be gone through once, so one of the two has all its hosts.
func (r *Targets) parts(ctx context.Context, isUnsettled func(target) bool) (settled, unsettled iter.Seq[target]) {
	none := func(func(target) bool) {}
	part := func(wanted bool) iter.Seq[target] {
		return func(yield func(target) bool) {
			for t := range r.all(ctx) {
				if isUnsettled(t) == wanted && !yield(t) {
					return
				}
			}
		}
	}
	switch {
	case r.pipe == nil:
		return part(false), part(true)
	case r.pipe.tabular || isUnsettled(r.target("", 0, hostlist.Row{})):
		return none, r.all(ctx)
	}
	return r.all(ctx), none
}
