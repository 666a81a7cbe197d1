// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/probe/far"
)

// A Plan is what a listener is to open: every port of one or more roles of a version.
type Plan struct {
	Host     string // the name under which it answers
	Version  catalog.Version
	Roles    []string
	Services []catalog.Service // in the order of the data; those of one port follow the first of them

	Static map[string]uint16 // the ports of RPC interfaces, by service name
}

// PlanFor makes the plan of the roles of one host, each with its version and static ports. An
// empty role is the usual one of the version, and without any version it is the newest that
// has all the roles. Its errors are for the user.
func PlanFor(cat *catalog.Catalog, roles []catalog.Host) (Plan, error) {
	p := Plan{Host: roles[0].Name, Static: map[string]uint16{}}
	var err error
	if p.Version, err = versionOf(cat, roles); err != nil {
		return p, err
	}
	for _, h := range roles {
		role, err := roleOf(cat, p.Version, h)
		if err != nil {
			return p, err
		}
		if slices.Contains(p.Roles, role) {
			return p, mistake("name each role once", "role %s: it is named twice", role)
		}
		if err := p.addRole(role, h.RPCPorts); err != nil {
			return p, fault(h, err)
		}
	}
	if len(p.Services) == 0 {
		return p, mistake("exreach catalog list names the versions and their roles", "role %s of version %s has no port to open", strings.Join(p.Roles, ", "), p.Version.Name)
	}
	p.giveDynamic()
	return p, nil
}

// versionOf is the one version of all roles.
func versionOf(cat *catalog.Catalog, roles []catalog.Host) (catalog.Version, error) {
	name := ""
	for _, h := range roles {
		if name != "" && h.Version != "" && h.Version != name {
			return catalog.Version{}, fault(h, mistake("listen as one of them: exreach listen --version "+name+" --role ROLE",
				"its roles are of versions %s and %s, and a listener is of one version", name, h.Version))
		}
		name = cmp.Or(name, h.Version)
	}
	if name != "" {
		v, err := cat.Version(name)
		return v, fault(roles[0], err)
	}
	return newestWith(cat, roles)
}

// newestWith is the default version if it has all the roles, or else the newest that has. It
// prefers versions whose hosts may be assumed to have them, as exreach check
// does. If none has them, it is the default, and roleOf says what is wrong.
func newestWith(cat *catalog.Catalog, roles []catalog.Host) (catalog.Version, error) {
	all, err := cat.Versions()
	if err != nil {
		return catalog.Version{}, err
	}
	newest, err := cat.Version(catalog.DefaultVersion)
	slices.Reverse(all)
	all = append([]catalog.Version{newest}, all...)
	for _, fits := range []func(catalog.Role) bool{
		func(r catalog.Role) bool { return r.Auto != "" },
		func(catalog.Role) bool { return true },
	} {
		for _, v := range all {
			has := func(h catalog.Host) bool {
				r, err := v.Role(h.Role)
				return h.Role == "" || err == nil && fits(r)
			}
			if !slices.ContainsFunc(roles, func(h catalog.Host) bool { return !has(h) }) {
				return v, err
			}
		}
	}
	return newest, err
}

// roleOf is the role of a host in a version.
func roleOf(cat *catalog.Catalog, v catalog.Version, h catalog.Host) (string, error) {
	if h.Role == "" {
		return cmp.Or(v.AutoRole(catalog.DefaultFrom), v.RoleLike(catalog.DefaultRole, catalog.DefaultFrom), v.Roles[0].Name), nil
	}
	_, err := v.Role(h.Role)
	if err == nil {
		return h.Role, nil
	}
	if does, why := survey.DoneBy(cat, v, h.Role, catalog.DefaultFrom); does != "" {
		return "", fault(h, mistake(why+": --role "+does, "version %s: %w", v.Name, err))
	}
	return "", fault(h, fmt.Errorf("version %s: %w", v.Name, err))
}

// fault adds to err where a host was named, if that was in a file.
func fault(h catalog.Host, err error) error {
	if err == nil || h.Origin == "" {
		return err
	}
	return fmt.Errorf("%s: host %q: %w", h.Origin, catalog.Shown(h.Name), err)
}

// addRole adds the services of a role, which may have static ports.
func (p *Plan) addRole(role string, static map[string]uint16) error {
	services, err := p.Version.ServicesOf(role)
	if err != nil {
		return err
	}
	for name := range static {
		if !slices.ContainsFunc(p.Version.Services, func(s catalog.Service) bool { return s.Name == name && s.RPC != nil && s.Unasked == "" }) {
			return mistake("exreach catalog show "+p.Version.Name+" "+role+" names them", "rpc_ports names %q, and no role of version %s has such an RPC interface", catalog.Shown(name), p.Version.Name)
		}
	}
	p.Roles = append(p.Roles, role)
	maps.Copy(p.Static, p.Version.StaticPorts(role, static))
	for _, s := range services {
		isOpen := s.RPC != nil || s.Ports.Single()
		if s.Unasked == "" && isOpen && isWanted(s) {
			p.Services = append(p.Services, s)
		}
	}
	return nil
}

// isWanted reports whether there is someone who should find a service, if only at times.
func isWanted(s catalog.Service) bool {
	for _, want := range s.Wants {
		if want != catalog.Forbidden {
			return true
		}
	}
	return false
}

// A shareable is where the service of one role may meet that of another.
type shareable struct {
	network catalog.Network
	port    uint16
}

// Clashes tells, a sentence for each port, where two roles want one port for different
// protocols: the first of them answers.
func (p Plan) Clashes() []string {
	first := map[shareable]catalog.Service{}
	var told []string
	for _, s := range p.Services {
		at := shareable{s.Network, p.portOf(s)}
		before, taken := first[at]
		switch {
		case !taken:
			first[at] = s
		case before.Role != s.Role && before.Protocol != s.Protocol:
			told = append(told, fmt.Sprintf("port %d/%s is that of %s (role %s) and of %s (role %s): %[3]s answers there", at.port, at.network, before.Name, before.Role, s.Name, s.Role))
		}
	}
	return told
}

// portOf is the port of a service.
func (p Plan) portOf(s catalog.Service) uint16 {
	if s.RPC != nil {
		return p.Static[s.Name]
	}
	return s.Ports.First
}

// Openings returns the ports to open, in the order of the services: each port once for each
// address. Without an address it is every address of both families.
func (p Plan) Openings(addresses []netip.Addr) []far.Opening {
	if len(addresses) == 0 {
		addresses = []netip.Addr{netip.IPv6Unspecified()}
	}
	seen := map[shareable]bool{}
	var all []far.Opening
	for _, s := range p.Services {
		at := shareable{s.Network, p.portOf(s)}
		if seen[at] {
			continue
		}
		seen[at] = true
		for _, address := range addresses {
			all = append(all, far.Opening{Service: s.Name, Role: s.Role, Protocol: s.Protocol, Network: s.Network, Port: at.port, Address: address})
		}
	}
	return all
}

// From is who connects to a role, for the command at the near end.
func (p Plan) From(role string) string {
	for _, from := range []string{catalog.DefaultFrom, "mailbox"} {
		if p.Version.Asks(role, from) {
			return from
		}
	}
	for _, from := range catalog.Froms {
		if p.Version.Asks(role, from.Name) {
			return from.Name
		}
	}
	return catalog.DefaultFrom
}

// mistake is an error with a hint for the user.
func mistake(hint, format string, a ...any) error {
	return &survey.Mistake{Err: fmt.Errorf(format, a...), Hint: hint}
}
