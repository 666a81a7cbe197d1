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
	var hosts []*member
	known := map[string]*member{}
	for _, h := range t.Hosts {
		name, err := HostOf(h.Name, o.Family)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Origin, err)
		}
		host, port, given := splitPort(name)
		h.Name = host
		key := strings.ToLower(host)
		m := known[key]
		if m == nil {
			m = &member{ports: portSets{}}
			known[key], hosts = m, append(hosts, m)
		}
		if err := m.describe(h); err != nil {
			return nil, err
		}
		switch {
		case given:
			m.addPorts(h, port)
		case o.Ports != nil:
			m.addPorts(h)
		default:
			m.roles = append(m.roles, h)
		}
	}
	r := &Targets{options: o, topology: true, from: t.From}
	for place, m := range hosts {
		r.hosts = append(r.hosts, target{place: place, roles: m.whole(o.Ports)})
	}
	return r.ready(), nil
}

// A member is one host of a topology, gathered from its entries: there may be tens of
// thousands of them, each with a port.
type member struct {
	roles   []catalog.Host
	ports   portSets     // those that were named with the host, by sayingOf
	sited   catalog.Host // the first entry with a site
	labeled catalog.Host // the first entry with labels
}

// sayingOf is what an entry says beside the port. The ports of entries that say the same
// are checked together.
func sayingOf(h catalog.Host) string { return h.Version + " " + h.Role }

func (m *member) addPorts(h catalog.Host, ports ...catalog.Port) {
	key := sayingOf(h)
	if m.ports[key] == nil {
		h.Ports = []catalog.Port{} // which whole fills
		m.roles = append(m.roles, h)
	}
	m.ports.add(key, ports...)
}

// describe notes where an entry says that the host stands, and what people call it. Both
// are those of the host: they may stand beside any of its roles.
func (m *member) describe(h catalog.Host) error {
	switch {
	case h.Site == "":
	case m.sited.Site == "":
		m.sited = h
	case m.sited.Site != h.Site:
		return mistake("write the site of a host beside one of its roles", "%s: host %q is at site %q here and at %q in %s", h.Origin, h.Name, h.Site, m.sited.Site, m.sited.Origin)
	}
	switch {
	case h.Labels == nil:
	case m.labeled.Labels == nil:
		m.labeled = h
	case !maps.Equal(m.labeled.Labels, h.Labels):
		return mistake("write the labels of a host beside one of its roles", "%s: host %q has other labels here than in %s", h.Origin, h.Name, m.labeled.Origin)
	}
	return nil
}

// whole returns the host in all its roles. further is ports to check in each of them.
func (m *member) whole(further []catalog.Port) []catalog.Host {
	for i := range m.roles {
		h := &m.roles[i]
		h.Site, h.Labels = m.sited.Site, m.labeled.Labels
		if h.Ports != nil {
			h.Ports = together(m.ports.of(sayingOf(*h)), further)
		}
	}
	return m.roles
}
