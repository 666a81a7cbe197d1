// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
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

// settle gives each host without a version one that it may have: the newest
// with its role. That makes a plan before anything is asked, so that mistakes
// show first.
func settle(cat *catalog.Catalog, t catalog.Topology) catalog.Topology {
	t.Hosts = slices.Clone(t.Hosts)
	for i, h := range t.Hosts {
		if h.Version == "" || h.Version == catalog.Auto {
			t.Hosts[i].Version = newestWith(cat, h.Role)
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

// identify asks the hosts without a version which one they run, and says what
// it concluded.
func identify(ctx context.Context, cat *catalog.Catalog, pool *probe.Pool, t catalog.Topology, from string, notes io.Writer) catalog.Topology {
	settled := settle(cat, t)
	heard := listen(ctx, cat, pool, t, from)
	for i, h := range t.Hosts {
		if !isAuto(h) {
			continue
		}
		c := report.Conclude(heard[h.Name])
		version := c.Version(func(v string) bool { return hasRole(cat, v, h.Role) })
		settled.Hosts[i].Version = cmp.Or(version, settled.Hosts[i].Version)
		note(notes, "%s", concluded(h.Name, c, settled.Hosts[i].Version))
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

// listen collects what the hosts say of themselves. A host that does not answer
// at once is not waited for: the check itself will tell.
func listen(ctx context.Context, cat *catalog.Catalog, pool *probe.Pool, t catalog.Topology, from string) map[string][]report.Entry {
	var checks []catalog.Check
	seen := map[string]bool{}
	for _, h := range t.Hosts {
		if isAuto(h) && !seen[h.Name] {
			seen[h.Name] = true
			checks = append(checks, cat.Identify(h.Name, from)...)
		}
	}
	quick := probe.Pool{
		Dial: pool.Dial, Lookup: pool.Lookup, Roots: pool.Roots, Source: pool.Source, Limit: pool.Limit, PerHost: pool.PerHost,
		Tries:    1,
		Timeouts: probe.Timeouts{Connect: 2 * time.Second, Check: 5 * time.Second},
	}
	heard := map[string][]report.Entry{}
	began := time.Now()
	for res := range quick.Run(ctx, slices.Values(checks)) {
		heard[res.Check.Host] = append(heard[res.Check.Host], report.Judge(res, began))
	}
	return heard
}
