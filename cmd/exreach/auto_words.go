// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/identity"
)

// conclude gives a host the version that it admits to and the roles whose services
// answered, and says so.
func (i *identifier) conclude(s *suspect) target {
	id := identity.Identify(s.heard)
	heard := answered(s.asked, s.heard)
	t := target{at: s.at}
	t.roles, id.CheckedAs = i.rolesOf(s.target, id, heard)
	version := t.roles[0].Version // given
	if len(id.CheckedAs) > 0 {
		version = id.CheckedAs[0].Version
	}
	id.Unfit = slices.ContainsFunc(s.roles, noRole) && i.unfit(version, heard)
	i.found.Store(s.name(), &id)
	i.taken[version]++
	if len(id.Candidates) == 0 {
		i.mute++
	}
	if i.each {
		note(i.notes, "%s", concluded(s.name(), id, version))
	}
	return t
}

// rolesOf returns the host in all roles that it is checked in, and those of them that
// nobody had given. A role that stands in the topology is not taken once more.
func (i *identifier) rolesOf(t target, id identity.Identified, heard []catalog.Check) (roles []catalog.Host, taken []identity.TakenRole) {
	taken = []identity.TakenRole{}
	given := slices.DeleteFunc(slices.Clone(t.roles), i.isOpen)
	for _, h := range t.roles {
		if !i.isOpen(h) {
			roles = append(roles, i.usual(h))
			continue
		}
		hosts, fits := i.take(h, id, heard)
		for n, one := range hosts {
			if slices.ContainsFunc(slices.Concat(given, roles), func(k catalog.Host) bool { return i.usual(k).Role == one.Role }) {
				continue
			}
			roles = append(roles, one)
			if fits != nil {
				taken = append(taken, identity.TakenRole{Version: one.Version, Role: one.Role, Because: portsOf(fits[n].Answers)})
			}
		}
	}
	return roles, taken
}

// identified is what was found out about a host, nil where it was not asked. It is to
// be asked for once.
func (i *identifier) identified(host string) *identity.Identified {
	id, known := i.found.LoadAndDelete(host)
	if !known {
		return nil
	}
	return id.(*identity.Identified)
}

// portsOf names services as people know them: "443/owa".
func portsOf(answers []catalog.Check) []string {
	ports := []string{}
	for _, c := range answers {
		ports = append(ports, fmt.Sprintf("%s/%s", c.Service.Ports, c.Service.Name))
	}
	return ports
}

// concluded says what a host was taken for, and by which signs.
func concluded(host string, id identity.Identified, version string) string {
	roles, reasons := rolesIn(id, version), strings.Join(id.Reasons(), " and ")
	guess := "; checking it as --version " + version + roles
	sure := "; checking it as" + cmp.Or(roles, " that")
	if unknown := id.Unknown(); len(unknown) > 0 {
		host += " reports a build of no known version (" + quoted(unknown) + "); it"
	}
	named := len(id.Candidates) == 1 && id.Candidates[0] == version
	switch {
	case named && id.Contradictory:
		return fmt.Sprintf("%s is version %s, by %s, though not all answers agree (%s)%s", host, version, reasons, quoted(id.Contradictions()), sure)
	case named:
		return fmt.Sprintf("%s is version %s, by %s%s", host, version, reasons, sure)
	case id.Contradictory:
		return fmt.Sprintf("%s may be version %s: its answers contradict each other (%s)%s", host, id.Choice(), quoted(id.Conflict()), guess)
	case len(id.Candidates) > 0:
		return fmt.Sprintf("%s may be version %s, by %s%s", host, id.Choice(), reasons, guess)
	case id.IsHidden():
		return fmt.Sprintf("%s: %s, and what is behind was not seen%s", host, id.Answering(), guess)
	case id.IsForeign():
		return fmt.Sprintf("%s does not say that it is Exchange: %s%s", host, id.Answering(), guess)
	case len(id.Products) > 0:
		return host + " is Exchange and does not say which version it is" + guess
	}
	return host + " does not say which version it is" + guess
}

// quoted is what signs say, each with its port: as many as a line can hold.
func quoted(signs []identity.Sign) string {
	const most = 6
	var said []string
	for _, s := range signs {
		if text := fmt.Sprintf("%d: %s", s.Port, s.Said); !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	if more := len(said) - most; more > 0 {
		said = append(said[:most], fmt.Sprintf("%d more", more))
	}
	return strings.Join(said, "; ")
}

// rolesIn says in which roles the host is checked, and which ports show them.
func rolesIn(id identity.Identified, version string) string {
	if len(id.CheckedAs) == 0 {
		return ""
	}
	var roles []string
	for _, r := range id.CheckedAs {
		text := "--role " + r.Role
		if r.Version != version {
			text = "--version " + r.Version + " " + text
		}
		if ports := portsOnly(r.Because); len(ports) > 0 {
			text += " (" + strings.Join(ports, ", ") + ")"
		}
		roles = append(roles, text)
	}
	text := " " + strings.Join(roles, " and ")
	if id.Unfit {
		return text + ", though what answers belongs to no role that such a host usually has"
	}
	return text
}

// portsOnly names each port once.
func portsOnly(services []string) []string {
	var ports []string
	for _, s := range services {
		if port, _, _ := strings.Cut(s, "/"); !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
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
