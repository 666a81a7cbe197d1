// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/report/judge/identity"
	"exreach/report/judge/route"
)

// said puts an event into words: one string for each note, and none if the event needs no
// note. Progress needs none: output.tell shows it in a line of its own (progressTexts).
func said(e survey.Event) []string {
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

// progressTexts are the progress line, in its longest form first: what the run is doing,
// how much of it is done, and how long the rest will take.
func progressTexts(p survey.Progress) []string {
	if p.Over {
		return one("")
	}
	var texts []string
	for _, doing := range doings(p) {
		texts = append(texts, doing+timeLeft(p))
	}
	return texts
}

// doings says what the run is doing, in its longest form first.
func doings(p survey.Progress) []string {
	switch {
	case p.Phase == survey.FindingVersions && p.AllHosts == 1:
		return one("finding out the version")
	case p.Phase == survey.FindingVersions:
		return one("finding out versions: %s hosts", part(p.Known, "", p.ToKnow))
	case p.Phase == survey.Waiting:
		then := ""
		if p.Traced < p.ToTrace {
			then = ", then " + catalog.Count(p.ToTrace-p.Traced, "trace")
		}
		var texts []string
		for _, ports := range waitedFor(p) {
			texts = append(texts, "waiting for "+ports+then)
		}
		return texts
	case p.Phase == survey.LookingAgain && p.Waits.Again > 0:
		return one("looking again at %s", catalog.Count(p.Waits.Again, "port"))
	case p.Phase == survey.LookingAgain:
		return one("looking again")
	case p.Phase == survey.Tracing:
		return one("tracing: %s ports", part(p.Traced, "", p.ToTrace))
	}
	about := ""
	if p.About {
		about = "~"
	}
	checks := "checking: " + part(p.Checks, about, p.AllChecks) + " checks"
	if p.AllHosts == 1 || p.Hosts == 0 {
		return []string{checks}
	}
	return []string{checks + ", " + part(p.Hosts, "", p.AllHosts) + " hosts", checks}
}

// waitedFor says for which ports the run waits, in its longest form first: it names a few,
// and counts many.
func waitedFor(p survey.Progress) []string {
	silent, unanswered := p.Waits.Silent, p.Waits.Unanswered
	counted := one("%s", catalog.Count(silent+unanswered, "port"))
	switch {
	case unanswered == 0:
		counted = one("%s", catalog.Count(silent, "silent port"))
	case silent == 0:
		counted = one("%s without an answer", counted[0])
	default:
		counted = append(one("%s and %d without an answer", catalog.Count(silent, "silent port"), unanswered), counted...)
	}
	if len(p.Waits.First) < silent+unanswered {
		return counted
	}
	var named []string
	for _, w := range p.Waits.First {
		text, why := strings.TrimSuffix(w.Port, "/tcp"), "no answer"
		if w.Silent {
			why = "silent"
		}
		if p.AllHosts != 1 {
			text += " of " + w.Host
		}
		named = append(named, text+" ("+why+")")
	}
	return append(one("%s", strings.Join(named, ", ")), counted...)
}

// timeLeft says how long the rest will take if that is known, and for how long the run has
// gone on if not.
func timeLeft(p survey.Progress) string {
	switch {
	case p.Left < 0:
		return fmt.Sprintf(", %.1f s", p.Took.Seconds())
	case p.AtMost:
		return ", at most " + roughly(p.Left)
	}
	return ", about " + roughly(p.Left) + " left"
}

// part is "7/9", or "7" if the whole is not known.
func part(n int, about string, all int) string {
	if all == 0 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d/%s%d", n, about, all)
}

// roughly writes how long something will take.
func roughly(d time.Duration) string {
	switch {
	case d < 100*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 100*time.Minute:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.0f h", d.Hours())
}
