// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report"
)

// conclude gives a host the version that it admits to and the roles whose services
// answered, and says so.
func (i *identifier) conclude(s *suspect) target {
	id := report.Identify(s.heard)
	heard := answered(s.asked, s.heard)
	t := target{at: s.at}
	named := slices.DeleteFunc(slices.Clone(s.roles), i.isOpen)
	for _, h := range s.roles {
		if !i.isOpen(h) {
			t.roles = append(t.roles, i.usual(h))
			continue
		}
		hosts, fits := i.take(h, id, heard)
		for n, one := range hosts {
			if slices.ContainsFunc(slices.Concat(named, t.roles), func(k catalog.Host) bool { return i.usual(k).Role == one.Role }) {
				continue // the topology names it as well
			}
			t.roles = append(t.roles, one)
			if fits != nil {
				id.CheckedAs = append(id.CheckedAs, report.TakenRole{Version: one.Version, Role: one.Role, Because: portsOf(fits[n].Answers)})
			}
		}
	}
	version := takenAs(id, t.roles)
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

// identified is what was found out about a host, nil where it was not asked. It is to
// be asked for once.
func (i *identifier) identified(host string) *report.Identified {
	id, known := i.found.LoadAndDelete(host)
	if !known {
		return nil
	}
	return id.(*report.Identified)
}

// portsOf names services as people know them: "443/owa".
func portsOf(answers []catalog.Check) []string {
	ports := []string{}
	for _, c := range answers {
		ports = append(ports, strings.TrimPrefix(fmt.Sprintf("%s/%s", c.Service.Ports, c.Service.Name), "dynamic/"))
	}
	return ports
}

// takenAs is the version that a host is checked as by its answers, or else because
// somebody said it.
func takenAs(id report.Identified, as []catalog.Host) string {
	if len(id.CheckedAs) > 0 {
		return id.CheckedAs[0].Version
	}
	return as[0].Version
}

// concluded says what a host was taken for, and by which signs.
func concluded(host string, id report.Identified, version string) string {
	reasons := strings.Join(id.Reasons(), " and ")
	if unknown := id.Unknown(); len(unknown) > 0 {
		host = fmt.Sprintf("%s reports a build of no known version (%s); it", host, quoted(unknown))
	}
	switch {
	case len(id.Candidates) == 1 && id.Candidates[0] == version && id.Contradictory:
		return fmt.Sprintf("%s is version %s, by %s, though not all answers agree (%s); checking it as%s", host, version, reasons, quoted(id.Contradictions()), rolesOf(id, version))
	case id.Contradictory:
		return fmt.Sprintf("%s may be version %s: its answers contradict each other (%s); checking it as --version %s%s",
			host, id.Choice(), quoted(id.Conflict()), version, rolesOf(id, version))
	case len(id.Candidates) == 0 && id.IsHidden():
		return fmt.Sprintf("%s: %s, and what is behind was not seen; checking it as --version %s%s", host, answering(id.Products), version, rolesOf(id, version))
	case len(id.Candidates) == 0 && id.IsForeign():
		return fmt.Sprintf("%s does not say that it is Exchange: %s; checking it as --version %s%s", host, answering(id.Products), version, rolesOf(id, version))
	case len(id.Candidates) == 0 && len(id.Products) > 0:
		return fmt.Sprintf("%s is Exchange and does not say which version it is; checking it as --version %s%s", host, version, rolesOf(id, version))
	case len(id.Candidates) == 0:
		return fmt.Sprintf("%s does not say which version it is; checking it as --version %s%s", host, version, rolesOf(id, version))
	case len(id.Candidates) == 1 && id.Candidates[0] == version:
		return fmt.Sprintf("%s is version %s, by %s; checking it as%s", host, version, reasons, cmp.Or(rolesOf(id, version), " that"))
	}
	return fmt.Sprintf("%s may be version %s, by %s; checking it as --version %s%s", host, id.Choice(), reasons, version, rolesOf(id, version))
}

// answering says which products answer: "Postfix and Dovecot answer".
func answering(products []string) string {
	if len(products) == 1 {
		return products[0] + " answers"
	}
	last := len(products) - 1
	return strings.Join(products[:last], ", ") + " and " + products[last] + " answer"
}

// quoted is what signs say, each with its port: as many as a line can hold.
func quoted(signs []report.Sign) string {
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

// rolesOf says in which roles the host is checked, and which ports show them.
func rolesOf(id report.Identified, version string) string {
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
