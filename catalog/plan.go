// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Topology is the hosts to check and what each of them is.
type Topology struct {
	Hosts []Host
	From  string // who connects; "" is DefaultFrom
}

// A Host is one server of a topology, in one role. A server with several roles is
// several hosts with the same name.
type Host struct {
	Name     string            // a DNS name or an address
	Version  string            // "" is DefaultVersion
	Role     string            // "" is the role that hosts of the version usually have, or else DefaultRole
	RPCPorts map[string]uint16 // static port by RPC service name: dialed without the endpoint mapper
	Ports    []Port            // to check instead of what the role needs; nil is what the role needs
	Site     string            // where it stands; "" if not known
	Labels   map[string]string // what people call it; AddLabel adds one
	Origin   string            // where the host was named, for errors: "org.yaml:3"; "" is the command line
}

// Plan returns the checks that show whether from finds what it should on each
// host. If from is "", it is that of the topology. Equal inputs give equal plans:
// hosts in the order of the topology, services in the order of the data. RPC
// interfaces are in Behind of their endpoint mapper, except those with a static
// port, which are checks of their own with Ports set. A host with Ports is asked these
// alone.
func (c *Catalog) Plan(t Topology, from string) ([]Check, error) {
	from = cmp.Or(from, t.From, DefaultFrom)
	if !isFrom(from) {
		return nil, &WordError{"from", from, froms()}
	}
	if len(t.Hosts) == 0 {
		return nil, errors.New("no hosts are given: name at least one")
	}
	type key struct{ host, role string }
	var plan []Check
	seen := map[key]bool{}
	for _, h := range t.Hosts {
		if h.Ports != nil {
			checks, err := c.planPorts(h, from)
			if err != nil {
				return nil, h.fault(err)
			}
			plan = append(plan, checks...)
			continue
		}
		v, role, err := c.settle(h)
		if err != nil {
			return nil, h.fault(err)
		}
		k := key{strings.ToLower(h.Name), role}
		if seen[k] {
			return nil, h.fault(fmt.Errorf("given twice as %s: list each role of a host once", role))
		}
		seen[k] = true
		checks, err := c.planHost(h, v, role, from)
		if err != nil {
			return nil, h.fault(err)
		}
		plan = append(plan, checks...)
	}
	return plan, nil
}

// fault adds to err the host it is about and where that was named.
func (h Host) fault(err error) error {
	if h.Origin != "" {
		return fmt.Errorf("%s: host %q: %w", h.Origin, Shown(h.Name), err)
	}
	return fmt.Errorf("host %q: %w", Shown(h.Name), err)
}

// settle returns the version and the role in which to check a host.
func (c *Catalog) settle(h Host) (Version, string, error) {
	if strings.TrimSpace(h.Name) == "" {
		return Version{}, "", errors.New("the name is empty: give a DNS name or an address")
	}
	v, err := c.Version(cmp.Or(h.Version, DefaultVersion))
	if err != nil {
		return Version{}, "", err
	}
	r, err := v.Role(cmp.Or(h.Role, v.usualRole(), DefaultRole))
	return v, r.Name, err
}

// planHost returns the checks of one host in one role.
func (c *Catalog) planHost(h Host, v Version, role, from string) ([]Check, error) {
	services := v.servicesOf(role)
	if err := checkRPCPorts(h, services); err != nil {
		return nil, err
	}
	var checks, behind []Check
	ground := v.GroundRules(role, from)
	for _, s := range services {
		check := Check{Host: h.Name, Version: v.Name, Service: s, From: from, Want: s.Wants[from], Ground: ground, Releases: c.releases}
		port := h.RPCPorts[s.Name]
		switch {
		case !s.asked(from):
		case s.RPC == nil:
			checks = append(checks, check)
		case port != 0:
			check.Service.Ports = Ports{port, port}
			checks = append(checks, check)
		default:
			behind = append(behind, check)
		}
	}
	if len(checks) == 0 {
		return nil, &NothingError{VersionRole{v.Name, role}, from, askedBy(services)}
	}
	if i := slices.IndexFunc(checks, func(c Check) bool { return c.Service.isMapper() }); i >= 0 {
		checks[i].Behind = behind
	}
	return checks, nil
}

// checkRPCPorts makes sure that each static port belongs to an RPC interface.
func checkRPCPorts(h Host, services []Service) error {
	var names []string
	for _, s := range services {
		if s.RPC != nil && s.Unasked == "" {
			names = append(names, s.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.RPCPorts)) {
		if !slices.Contains(names, name) {
			return &WordError{"RPC interface", name, names}
		}
		if h.RPCPorts[name] == 0 {
			return fmt.Errorf("the port of RPC interface %s is 0: give 1 to 65535", name)
		}
	}
	return nil
}

// StaticPorts returns those of the static ports that belong to RPC interfaces of a role.
func (v Version) StaticPorts(role string, ports map[string]uint16) map[string]uint16 {
	static := maps.Clone(ports)
	maps.DeleteFunc(static, func(name string, _ uint16) bool {
		return !slices.ContainsFunc(v.servicesOf(role), func(s Service) bool { return s.Name == name && s.RPC != nil && s.Unasked == "" })
	})
	return static
}

// askedBy returns every kind of client that some check of services is for.
func askedBy(services []Service) []string {
	return slices.DeleteFunc(froms(), func(from string) bool {
		return !slices.ContainsFunc(services, func(s Service) bool { return s.asked(from) })
	})
}

// A VersionRole is a role of a version.
type VersionRole struct{ Version, Role string }

// RolesFor returns every version and role that has services for from, the newest
// version first.
func (c *Catalog) RolesFor(from string) ([]VersionRole, error) {
	versions, err := c.Versions()
	var roles []VersionRole
	for _, v := range slices.Backward(versions) {
		for _, r := range v.Roles {
			if v.Asks(r.Name, from) {
				roles = append(roles, VersionRole{v.Name, r.Name})
			}
		}
	}
	return roles, err
}

// A NothingError says that a version and role have no service for a from.
type NothingError struct {
	VersionRole // Role "" is every role of the version
	From        string
	Only        []string // the clients that the role has services for
}

func (e *NothingError) Error() string {
	if e.Role == "" {
		return fmt.Sprintf("nothing in version %s is for %s", e.Version, e.From)
	}
	return fmt.Sprintf("nothing of role %s in version %s is for %s, only for: %s",
		e.Role, e.Version, e.From, cmp.Or(strings.Join(e.Only, ", "), "none"))
}

// Narrow returns v with only the services of one role that the client from wants,
// and with the ground rules that concern both. "" stands for any role or client.
func (v Version) Narrow(role, from string) (Version, error) {
	if role != "" {
		r, err := v.Role(role)
		if err != nil {
			return v, err
		}
		v.Roles = []Role{r}
		v.Services = slices.DeleteFunc(slices.Clone(v.Services), func(s Service) bool { return s.Role != role })
	}
	if from != "" {
		var err error
		if v, err = v.narrowTo(role, from); err != nil {
			return v, err
		}
	}
	v.Ground = slices.DeleteFunc(slices.Clone(v.Ground), func(rule GroundRule) bool {
		concerned := slices.ContainsFunc(v.Roles, func(r Role) bool { return slices.Contains(rule.Roles, r.Name) })
		return !concerned || from != "" && !slices.Contains(rule.From, from)
	})
	return v, nil
}

// narrowTo returns v with only the services that from wants, and their roles.
func (v Version) narrowTo(role, from string) (Version, error) {
	if !isFrom(from) {
		return v, &WordError{"from", from, froms()}
	}
	all := v.Services
	v.Services = slices.DeleteFunc(slices.Clone(all), func(s Service) bool { return s.Wants[from] == "" })
	if len(v.Services) == 0 {
		only := slices.DeleteFunc(froms(), func(f string) bool {
			return !slices.ContainsFunc(all, func(s Service) bool { return s.Wants[f] != "" })
		})
		return v, &NothingError{VersionRole: VersionRole{Version: v.Name, Role: role}, From: from, Only: only}
	}
	v.Roles = slices.DeleteFunc(slices.Clone(v.Roles), func(r Role) bool {
		return !slices.ContainsFunc(v.Services, func(s Service) bool { return s.Role == r.Name })
	})
	for i, s := range v.Services {
		v.Services[i].Wants = map[string]Want{from: s.Wants[from]}
		if s.Wants[from] != Forbidden {
			v.Services[i].Exposure = "" // which concerns other clients
		}
	}
	return v, nil
}
