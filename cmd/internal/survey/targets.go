// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"exreach/catalog"
)

// A target is one host in all its roles.
type target struct {
	place int            // among the targets
	roles []catalog.Host // of one name
}

func (t target) name() string { return t.roles[0].Name }

// isPorts reports whether the user named ports, and nothing else is to be checked.
func (t target) isPorts() bool {
	return !slices.ContainsFunc(t.roles, func(h catalog.Host) bool { return h.Ports == nil })
}

// Targets is the hosts of a run: those of a topology, or names of hosts that are all
// alike. Named, Listed and Topology make it, for one Survey. If the names come through a
// pipe, most become known while the run is under way.
type Targets struct {
	options  Options
	topology bool                      // hosts are of a topology, which says who connects and what they are
	from     string                    // who connects, where a topology says so
	hosts    []target                  // of a topology
	like     catalog.Host              // what a host is if only its name is given
	names    names                     // those that are known before anything is asked
	ports    map[string][]catalog.Port // of those that were named with a port, by the host in lower case
	pipe     *hostList                 // where more come from; nil where these are all
	said     []Event                   // events from before the run, which tellTo tells
	named    atomic.Int64              // targets so far
	whole    atomic.Bool               // no more will come
}

func newTargets(o Options) *Targets {
	return &Targets{options: o, like: catalog.Host{Version: o.Version, Role: o.Role, Ports: o.Ports}}
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

// add adds what HostOf returned. A host that is named with several ports is one target.
func (r *Targets) add(name string) {
	host, port, given := splitPort(name)
	key := strings.ToLower(host)
	if !given || r.ports[key] == nil {
		r.names.add(name)
	}
	if given {
		if r.ports == nil {
			r.ports = map[string][]catalog.Port{}
		}
		r.ports[key] = withPort(r.ports[key], port)
	}
}

// target makes the target of a name, which is the nth, counted from 0.
func (r *Targets) target(name string, n int) target {
	h := r.like
	host, port, given := splitPort(name)
	h.Name = host
	if given {
		h.Ports = withPort(withPort(r.ports[strings.ToLower(host)], port), r.like.Ports...)
	}
	return target{place: n, roles: []catalog.Host{h}}
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
			r.said = append(r.said, OfURL{word, name})
		}
		key := strings.ToLower(name)
		if seen[key] {
			r.said = append(r.said, Repeated{name})
			continue
		}
		seen[key] = true
		r.add(name)
	}
	if r.names.count == 0 {
		return nil, mistake("exreach check mail01.contoso.com, or exreach demo to see one without a server", "there is no host to check")
	}
	return r.ready(), nil
}

// Listed makes Targets of a list. It reads a file whole, so mistakes show before anything
// is asked; of a pipe it reads the first host, and the run reads the others.
func Listed(ctx context.Context, l List, o Options) (*Targets, error) {
	r := newTargets(o)
	list := l.read(ctx, func(word string) (string, error) { return HostOf(word, o.Family) }, func(e Event) { r.said = append(r.said, e) })
	for {
		name, more := list.next(ctx)
		if !more {
			break
		}
		if l.Pipe {
			r.names.add(name)
			r.pipe = list
			return r.ready(), nil
		}
		r.add(name)
	}
	runtime.GC() // else garbage may grow to what reading used, and triple the memory
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("interrupted while reading the hosts from %s: %w", list.name, ctx.Err())
	case list.err == nil && r.names.count == 0:
		return nil, mistake("write one host a line", "there is no host to check: %s names none", list.name)
	}
	return r.ready(), list.err
}

// Topology makes Targets of a topology, which it reads from the file of that name. A host
// with several roles there is one target: what is found in one role helps to judge the
// others.
func Topology(name string, from io.Reader, o Options) (*Targets, error) {
	t, err := catalog.LoadTopology(name, from)
	if err != nil {
		return nil, err
	}
	r := &Targets{options: o, topology: true, from: t.From}
	places := map[string]int{}
	for _, h := range t.Hosts {
		name, err := HostOf(h.Name, o.Family)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Origin, err)
		}
		port, given := catalog.Port{}, false
		if h.Name, port, given = splitPort(name); given {
			h.Ports = []catalog.Port{port}
		}
		h.Ports = withPort(h.Ports, o.Ports...)
		key := strings.ToLower(h.Name)
		place, seen := places[key]
		if !seen {
			place = len(r.hosts)
			places[key] = place
			r.hosts = append(r.hosts, target{place: place})
		}
		r.hosts[place].roles = append(r.hosts[place].roles, h)
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
			if !yield(r.target(name, n)) {
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
		for r.pipe != nil {
			name, more := r.pipe.next(ctx)
			if !more {
				r.whole.Store(true)
				return
			}
			if n := r.named.Add(1); !yield(r.target(name, int(n)-1)) {
				return
			}
		}
	}
}

// parts splits the targets into those that need not be asked what they are and those that
// must be. The hosts of a pipe are all alike, so one of the two has them all.
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
	case isUnsettled(r.target("", 0)):
		return none, r.all(ctx)
	}
	return r.all(ctx), none
}

// names is many names of hosts. They are kept in a few long texts: a string for each
// takes several times the memory of a short name.
type names struct {
	texts [][]byte // with a line for each name
	count int
}

const longText = 1 << 16

func (n *names) add(name string) {
	last := len(n.texts) - 1
	if last < 0 || len(n.texts[last])+len(name) >= longText {
		n.texts = append(n.texts, nil)
		last++
	}
	n.texts[last] = append(append(n.texts[last], name...), '\n')
	n.count++
}

// all is every name with its place.
func (n *names) all() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		place := 0
		for _, text := range n.texts {
			for line := range bytes.Lines(text) {
				if !yield(place, string(line[:len(line)-1])) {
					return
				}
				place++
			}
		}
	}
}
