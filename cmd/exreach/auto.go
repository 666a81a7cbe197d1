// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report"
)

// isAuto reports whether the version of a host is to be found out. Of a host
// with a supporting role it cannot be, and hardly matters.
func isAuto(h catalog.Host) bool {
	return (h.Version == "" || h.Version == catalog.Auto) && !slices.Contains(catalog.SupportRoles, h.Role)
}

// settle gives each role without a version one that the host may have: the
// newest with that role.
func settle(cat *catalog.Catalog, t target) target {
	t.roles = slices.Clone(t.roles)
	for i, h := range t.roles {
		if h.Version == "" || h.Version == catalog.Auto {
			t.roles[i].Version = newestWith(cat, h.Role)
		}
	}
	return t
}

// newestWith is the newest version that has the role, or the default.
func newestWith(cat *catalog.Catalog, role string) string {
	if hasRole(cat, catalog.DefaultVersion, role) {
		return catalog.DefaultVersion
	}
	for _, version := range slices.Backward(cat.Names()) {
		if hasRole(cat, version, role) {
			return version
		}
	}
	return catalog.DefaultVersion
}

func hasRole(cat *catalog.Catalog, version, role string) bool {
	v, err := cat.Version(version)
	if err == nil && role != "" {
		_, err = v.Role(role)
	}
	return err == nil
}

// few is how many hosts may each have a line that says what it was taken for.
const few = 20

// An identifier asks hosts without a version which one they run, and says what
// it concluded.
type identifier struct {
	cat   *catalog.Catalog
	from  string
	notes io.Writer
	each  bool           // a note on each host, not on all of them together
	taken map[string]int // hosts by the version that they are checked as
	mute  int            // those of them that did not say
}

// targets passes the hosts on, in the order in which they answer. A host that
// does not answer at once is not waited for: the check itself will tell. A host
// that ctx cuts short has not answered, and is not passed on.
func (i *identifier) targets(ctx context.Context, pool *probe.Pool, in iter.Seq[target]) iter.Seq[target] {
	return func(yield func(target) bool) {
		var asked sync.Map // targets by name
		questions := func(yield func(catalog.Check) bool) {
			for t := range in {
				asked.Store(t.name(), t)
				for _, c := range i.cat.Identify(t.name(), i.from) {
					if !yield(c) {
						return
					}
				}
			}
		}
		for entries := range report.Hosts(ctx, pool.Run(ctx, questions), time.Now()) {
			t, known := asked.LoadAndDelete(entries[0].Host)
			if ctx.Err() != nil || known && !yield(i.conclude(t.(target), entries)) {
				return
			}
		}
		i.noteTaken()
	}
}

// quick is a pool that does not wait long.
func quick(p probe.Pool) *probe.Pool {
	p.Tries = 1
	p.Timeouts = probe.Timeouts{Resolve: p.Timeouts.Resolve, Connect: 2 * time.Second, Check: 5 * time.Second}
	p.Credentials = nil
	return &p
}

// divide gives a quarter of the connections to finding out versions, and the
// rest to the checks, which are under way at the same time.
func divide(p *probe.Pool) (asking, checking probe.Pool) {
	const all = 256 // what a pool opens by itself
	asking, checking = *p, *p
	limit := cmp.Or(p.Limit, all)
	asking.Limit = max(1, limit/4)
	checking.Limit = max(1, limit-asking.Limit)
	return asking, checking
}

// conclude gives a host the version that it admits to, in each of its roles.
func (i *identifier) conclude(t target, heard []report.Entry) target {
	c := report.Conclude(heard)
	settled := settle(i.cat, t)
	for n, h := range t.roles {
		if !isAuto(h) {
			continue
		}
		version := cmp.Or(c.Version(func(v string) bool { return hasRole(i.cat, v, h.Role) }), settled.roles[n].Version)
		settled.roles[n].Version = version
		i.taken[version]++
		if len(c.Candidates) == 0 {
			i.mute++
		}
		if i.each {
			note(i.notes, "%s", concluded(t.name(), c, version))
		}
	}
	return settled
}

// concluded says what a host was taken for, and from what.
func concluded(host string, c report.Conclusion, version string) string {
	switch {
	case len(c.Candidates) == 0:
		return fmt.Sprintf("%s does not say which version it is; checking it as --version %s", host, version)
	case len(c.Candidates) == 1 && c.Candidates[0] == version:
		return fmt.Sprintf("%s is version %s, by %s", host, version, c.Said)
	}
	return fmt.Sprintf("%s may be version %s, by %s; checking it as --version %s", host, strings.Join(c.Candidates, ", "), c.Said, version)
}

// noteTaken says what many hosts were taken for.
func (i *identifier) noteTaken() {
	var parts []string
	for _, version := range i.cat.Names() {
		if n := i.taken[version]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s as --version %s", probe.Count(n, "host"), version))
		}
	}
	if i.each || parts == nil {
		return
	}
	note(i.notes, "checking %s", strings.Join(parts, ", "))
	if i.mute > 0 {
		note(i.notes, "%s of these did not report a version", probe.Count(i.mute, "host"))
	}
}
