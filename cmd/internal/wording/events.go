// SPDX-License-Identifier: Apache-2.0

// Package wording puts into words what happens in a run: a note for each event that a user
// should know of, and the line that shows progress. It counts and decides nothing.
package wording

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/report/judge/identity"
	"exreach/report/judge/route"
)

// OfRun puts an event of a run into words: one string for each note, and none if the event
// needs no note. Progress needs none: it has a line of its own.
func OfRun(e survey.Event) []string {
	switch e := e.(type) {
	case survey.Repeated:
		return one("host %s is named twice, and checked once", e.Host)
	case survey.NamedTwice:
		return one("host %s is named with and without a port: both its services and that port are checked", e.Host)
	case survey.RepeatedLines:
		if e.Lines == 1 {
			return one("%s: 1 line repeats a host, which is checked once: %s in line %d", e.List, e.First, e.Line)
		}
		return one("%s: %d lines repeat a host, which is checked once: the first is %s in line %d", e.List, e.Lines, e.First, e.Line)
	case survey.OfURL:
		return one("%s is a URL: checking only its port, %s", e.URL, e.Host)
	case survey.DeadlineCame:
		return one("the run ended at its deadline, %s: unfinished checks are reported as untried", e.Deadline)
	case survey.NothingAsked:
		return one("%s: %s left out, because the role has no service for %s; the first is %s in line %d, role %s of version %s",
			e.List, catalog.Count(e.Hosts, "host"), e.From, e.First, e.Line, e.Role, e.Version)
	case survey.Untraceable:
		return one("nothing is traced: %v", e.Err)
	case survey.Untraced:
		return one("%s not traced: %s", catalog.Count(e.Ports, "timed-out port"), route.UntracedBecause(e.Why))
	case survey.Identified:
		return one("%s", concluded(e.Host, e.As, e.Version))
	case survey.AllIdentified:
		return saidOfAll(e)
	case survey.Defaults:
		return one("checking as%s%s (by default)", option("role", e.Role), option("from", e.From))
	case survey.Thin:
		return one("role %s of version %s has only one service for %s, %s, but role %s has %d: check with --role %[5]s too, or with --role auto, which takes every role whose services answer",
			e.Role, e.Version, e.From, e.Service, e.Busiest, e.Services)
	case survey.Untold:
		return one("no answer shows whether a host of version %s also has the role %s (%s): check it with --role %[2]s as well", e.Version, e.Role, e.Service)
	case survey.LeftOut:
		return one("%s left out: --only and --skip leave nothing to check there", catalog.Count(e.Hosts, "host"))
	}
	return nil
}

func one(format string, a ...any) []string { return []string{fmt.Sprintf(format, a...)} }

// option writes an option as a user would, after a blank; "" if value is "".
func option(name, value string) string {
	if value == "" {
		return ""
	}
	return " --" + name + " " + value
}

// saidOfAll says what many hosts were taken for.
func saidOfAll(e survey.AllIdentified) []string {
	var parts []string
	for _, t := range e.Versions {
		parts = append(parts, fmt.Sprintf("%s as --version %s", catalog.Count(t.Hosts, "host"), t.Version))
	}
	notes := one("checking %s", strings.Join(parts, ", "))
	if e.Mute > 0 {
		notes = append(notes, catalog.Count(e.Mute, "host")+" of these did not report a version")
	}
	return notes
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
		return fmt.Sprintf("%s: %s, and what is behind it was not seen%s", host, id.Answering(), guess)
	case id.IsForeign():
		return fmt.Sprintf("%s does not say that it is Exchange: %s%s", host, id.Answering(), guess)
	case len(id.Products) > 0:
		return host + " is Exchange but does not say which version it is" + guess
	}
	return host + " does not say which version it is" + guess
}

// quoted lists what the signs say, each with its port. It only counts those that would
// make the line too long.
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
