// SPDX-License-Identifier: Apache-2.0

package route

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/hops"
)

// silentOnes names the hops that say nothing but pass the packets on.
func (r reading) silentOnes() string {
	var silent, passed []string // passed: those before one that answers
	for _, h := range r.Path.Hops {
		if h.Said == hops.SaidNothing {
			silent = append(silent, fmt.Sprint(h.TTL))
		} else {
			passed = silent
		}
	}
	switch len(passed) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("Hop %s does not answer but lets it pass.", passed[0])
	}
	return fmt.Sprintf("Hops %s do not answer but let it pass.", strings.Join(passed, ", "))
}

// severalPaths names the first distance at which different routers answered, "" if none.
func (r reading) severalPaths() string {
	for _, h := range r.Path.Hops {
		if h.Said != hops.SaidExceeded {
			continue
		}
		from := slices.Clone(h.From)
		if r.Beside != nil {
			for _, other := range r.Beside.Hops {
				if other.TTL == h.TTL && other.Said == hops.SaidExceeded {
					from = append(from, other.From...)
				}
			}
		}
		slices.SortFunc(from, netip.Addr.Compare)
		if from = slices.Compact(from); len(from) > 1 {
			return fmt.Sprintf("Packets take several paths (at hop %d: %s), so not every connect passes the same hops.", h.TTL, addresses(from))
		}
	}
	return ""
}

// unasked says which hops were not asked for this port, because they were for another.
func (r reading) unasked() string {
	if r.Shared == nil || len(r.Path.Hops) == 0 {
		return ""
	}
	var where []string
	if first := r.Path.Hops[0]; first.TTL > 1 {
		where = append(where, "before "+hop(first))
	}
	if end := r.Path.End(); r.Beside == nil && end.Said == hops.SaidNothing {
		where = append(where, fmt.Sprintf("behind hop %d", end.TTL))
	}
	if len(where) == 0 {
		return ""
	}
	port := r.portOf(hops.Path{Target: *r.Shared})
	if addr := r.Shared.Addr.Addr(); addr != r.Path.Addr.Addr() {
		port += " of " + addr.String()
	}
	return fmt.Sprintf("The hops %s are known only from the trace of %s.", strings.Join(where, " and "), port)
}

// name is the port at the beginning of a sentence; port and besidePort stand inside one.
func (r reading) name() string { return "P" + r.port()[1:] }

func (r reading) port() string { return r.portOf(r.Path) }

func (r reading) besidePort() string { return r.portOf(*r.Beside) }

// portOf is "port 135"; if this port or the one beside is UDP, it is "port 135/tcp".
func (r reading) portOf(p hops.Path) string {
	if r.Path.Network == catalog.UDP || r.Beside != nil && r.Beside.Network == catalog.UDP {
		return fmt.Sprintf("port %d/%s", p.Addr.Port(), p.Network)
	}
	return fmt.Sprintf("port %d", p.Addr.Port())
}

// hop names a hop by who answered there.
func hop(h hops.Hop) string {
	switch {
	case len(h.From) > 0:
		return addresses(h.From)
	case h.TTL == 0:
		return "this machine"
	}
	return fmt.Sprintf("hop %d", h.TTL)
}

func addresses(from []netip.Addr) string {
	var texts []string
	for _, a := range from {
		texts = append(texts, a.String())
	}
	return catalog.Either(texts)
}
