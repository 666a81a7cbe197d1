// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"io"
	"maps"
	"strings"

	"exreach/catalog"
)

// Topology makes Targets of a topology, which it reads from the file of that name. A host
// with several roles there is one target: what is found in one role helps to judge the
// others.
func Topology(name string, from io.Reader, o Options) (*Targets, error) {
	t, err := catalog.LoadTopology(name, from)
	if err != nil {
		return nil, err
	}
	var hosts []*gathered
	known := map[string]*gathered{}
	for _, h := range t.Hosts {
		name, err := HostOf(h.Name, o.Family)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Origin, err)
		}
		host, port, given := splitPort(name)
		h.Name = host
		key := strings.ToLower(host)
		g := known[key]
		if g == nil {
			g = &gathered{ports: portSets{}}
			known[key], hosts = g, append(hosts, g)
		}
		if err := g.describe(h); err != nil {
			return nil, err
		}
		switch {
		case given:
			g.addPorts(h, port)
		case o.Ports != nil:
			g.addPorts(h)
		default:
			g.roles = append(g.roles, h)
		}
	}
	r := &Targets{options: o, topology: true, from: t.From}
	for place, g := range hosts {
		r.hosts = append(r.hosts, target{place: place, roles: g.whole(o.Ports)})
	}
	return r.ready(), nil
}

// gathered is one host of a topology, with what all its entries say: there may be tens of
// thousands of entries, each with a port.
type gathered struct {
	roles   []catalog.Host
	ports   portSets     // those that were named with the host, by roleKey
	sited   catalog.Host // the first entry with a site
	labeled catalog.Host // the first entry with labels
}

// roleKey tells the roles of a host apart. The ports of entries with the same key are checked
// together.
func roleKey(h catalog.Host) string { return h.Version + " " + h.Role }

func (g *gathered) addPorts(h catalog.Host, ports ...catalog.Port) {
	key := roleKey(h)
	if g.ports[key] == nil {
		h.Ports = []catalog.Port{} // which whole fills
		g.roles = append(g.roles, h)
	}
	g.ports.add(key, ports...)
}

// describe notes where an entry says that the host stands, and what people call it. Both
// are those of the host: they may stand beside any of its roles.
func (g *gathered) describe(h catalog.Host) error {
	switch {
	case h.Site == "":
	case g.sited.Site == "":
		g.sited = h
	case g.sited.Site != h.Site:
		return mistake("write the site of a host beside one of its roles", "%s: host %q is at site %q here and at %q in %s", h.Origin, h.Name, h.Site, g.sited.Site, g.sited.Origin)
	}
	switch {
	case h.Labels == nil:
	case g.labeled.Labels == nil:
		g.labeled = h
	case !maps.Equal(g.labeled.Labels, h.Labels):
		return mistake("write the labels of a host beside one of its roles", "%s: host %q has other labels here than in %s", h.Origin, h.Name, g.labeled.Origin)
	}
	return nil
}

// whole returns the host in all its roles. further is ports to check in each of them.
func (g *gathered) whole(further []catalog.Port) []catalog.Host {
	for i := range g.roles {
		h := &g.roles[i]
		h.Site, h.Labels = g.sited.Site, g.labeled.Labels
		if h.Ports != nil {
			h.Ports = together(g.ports.of(roleKey(*h)), further)
		}
	}
	return g.roles
}
