// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/probe"
)

// A target is one host in all its roles.
type target struct {
	at    int            // its place among the targets
	roles []catalog.Host // of one name
}

func (t target) name() string { return t.roles[0].Name }

// A roster is the hosts of a run: those of a topology file, or names of hosts
// that are all alike. Those of a pipe become known while the run is under way.
type roster struct {
	from    string       // who connects, where a topology file says so
	targets []target     // of a topology file
	like    catalog.Host // what a host is that has nothing but a name
	names   names        // what is known of those before anybody is asked
	pipe    *hostList    // where more come from; nil where these are all
	named   atomic.Int64 // targets so far
	whole   atomic.Bool  // no more are to come
}

// oneHost is the roster of a single host.
func oneHost(h catalog.Host) *roster {
	r := &roster{like: h}
	r.names.add(h.Name)
	r.named.Store(1)
	r.whole.Store(true)
	return r
}

// rosterOf is the hosts that the command line names. There is at least one.
func rosterOf(c *cli.Context, stdin io.Reader, notes io.Writer) (*roster, error) {
	family, err := familyOf(c)
	if err != nil {
		return nil, err
	}
	if err := oneSource(c); err != nil {
		return nil, err
	}
	r := &roster{like: catalog.Host{Version: strings.ToLower(c.String("version")), Role: strings.ToLower(c.String("role"))}}
	switch {
	case c.IsSet("config"):
		err = r.fromTopology(c.Context, c.String("config"), family)
	case c.IsSet("hosts"):
		err = r.fromList(c, stdin, family, notes)
	default:
		err = r.fromArguments(c, family, notes)
	}
	r.named.Store(int64(r.names.count + len(r.targets)))
	r.whole.Store(r.pipe == nil)
	return r, err
}

// oneSource makes sure that the hosts are named in one place.
func oneSource(c *cli.Context) error {
	for _, file := range []string{"config", "hosts"} {
		switch {
		case !c.IsSet(file):
		case file == "config" && c.IsSet("hosts"):
			return hinted("leave one of them out", "options --config and --hosts: each names the hosts")
		case c.Args().Present():
			return hinted("name hosts there or here", "host %q: with --%s the file names the hosts", c.Args().First(), file)
		}
	}
	for _, name := range []string{"version", "role"} {
		if c.IsSet("config") && c.IsSet(name) {
			return hinted("write it beside the host in the file", "option --%s: with --config the file says it", name)
		}
	}
	return nil
}

// target is the host of a name, which is the nth.
func (r *roster) target(name string, n int) target {
	h := r.like
	h.Name = name
	return target{at: n, roles: []catalog.Host{h}}
}

// fromArguments takes the hosts of the command line, each once.
func (r *roster) fromArguments(c *cli.Context, family probe.Family, notes io.Writer) error {
	seen := map[string]bool{}
	for _, word := range c.Args().Slice() {
		name, err := hostOf(word, family)
		if err != nil {
			return err
		}
		key := strings.ToLower(name)
		if seen[key] {
			note(notes, "host %s is named twice, and checked once", name)
			continue
		}
		seen[key] = true
		r.names.add(name)
	}
	if r.names.count == 0 {
		return hinted("exreach check mail01.contoso.com, or exreach demo to see one without a server", "there is no host to check")
	}
	return nil
}

// fromList takes the hosts of a file with one in each line. A file is read whole,
// so that its mistakes show before anybody is asked; of a pipe the first host is
// enough to begin with.
func (r *roster) fromList(c *cli.Context, stdin io.Reader, family probe.Family, notes io.Writer) error {
	list, pipe, err := openHostList(c.Context, c.String("hosts"), stdin, notes)
	if err != nil {
		return err
	}
	stop := files.SaveMemory(list.from)
	defer stop()
	list.host = func(word string) (string, error) { return hostOf(word, family) }
	for {
		name, more := list.next(c.Context)
		if !more {
			break
		}
		r.names.add(name)
		if pipe {
			r.pipe = list
			return nil
		}
	}
	runtime.GC() // that there may be as much garbage as was in use until now would triple the memory
	switch {
	case c.Context.Err() != nil:
		return fmt.Errorf("interrupted while reading the hosts from %s: %w", list.name, c.Context.Err())
	case list.err == nil && r.names.count == 0:
		return hinted("write one host a line", "there is no host to check: %s names none", list.name)
	}
	return list.err
}

// fromTopology takes the hosts of a topology file. A host that stands there in
// several roles is one target, so that what is found at one helps to judge the
// others.
func (r *roster) fromTopology(ctx context.Context, name string, family probe.Family) error {
	f, err := files.Open(ctx, name)
	if err != nil {
		return fmt.Errorf("cannot read the topology: %w", err)
	}
	defer f.Close()
	stop := files.SaveMemory(f)
	defer stop()
	t, err := catalog.LoadTopology(name, files.Until(ctx, f))
	if err != nil {
		return err
	}
	r.from = t.From
	places := map[string]int{}
	for _, h := range t.Hosts {
		if h.Name, err = hostOf(h.Name, family); err != nil {
			return fmt.Errorf("%s: %w", h.Origin, err)
		}
		key := strings.ToLower(h.Name)
		at, known := places[key]
		if !known {
			at = len(r.targets)
			places[key] = at
			r.targets = append(r.targets, target{at: at})
		}
		r.targets[at].roles = append(r.targets[at].roles, h)
	}
	return nil
}

// known is every target that is known before anybody is asked.
func (r *roster) known() iter.Seq[target] {
	return func(yield func(target) bool) {
		for _, t := range r.targets {
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
func (r *roster) all(ctx context.Context) iter.Seq[target] {
	return func(yield func(target) bool) {
		for t := range r.known() {
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

// parts is the targets that need not be asked what they are, and those that isOpen says
// have to. The hosts of a pipe are all alike.
func (r *roster) parts(ctx context.Context, isOpen func(catalog.Host) bool) (known, open iter.Seq[target]) {
	none := func(func(target) bool) {}
	switch {
	case r.pipe == nil:
		return narrowed(r.all(ctx), isOpen, false), narrowed(r.all(ctx), isOpen, true)
	case isOpen(r.like):
		return none, r.all(ctx)
	}
	return r.all(ctx), none
}

// narrowed is those of the targets of which some role is open, or the others.
func narrowed(targets iter.Seq[target], isOpen func(catalog.Host) bool, open bool) iter.Seq[target] {
	return func(yield func(target) bool) {
		for t := range targets {
			if slices.ContainsFunc(t.roles, isOpen) == open && !yield(t) {
				return
			}
		}
	}
}
