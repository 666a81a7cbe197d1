// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/machine"
	"exreach/probe/far"
	"exreach/probe/socket/rights"
)

// asUser says what works without privileges.
const asUser = "as an ordinary user it opens the ports from 1024 up"

// tellStart says what the listener is, how to check it from the near end, and what keeps it
// from being reached.
func (l *Listener) tellStart(openings []far.Opening, became string) {
	note := l.Tell.Note
	note(fmt.Sprintf("listener %s stands in for %s %s, until %s; it serves %s",
		l.name, l.Plan.title(), whereOf(l.Addresses), l.untilWhen(), l.Allow))
	for _, clash := range l.Plan.Clashes() {
		note(clash)
	}
	l.tellUnopened(openings)
	if became != "" {
		note("running as " + became + " from here on")
	}
	l.tellWall(openings)
	l.tellCode()
}

// untilWhen says when it ends.
func (l *Listener) untilWhen() string {
	if l.For > 0 {
		return l.started.Add(l.For).Local().Format("15:04:05") + " or Ctrl-C"
	}
	return "Ctrl-C"
}

// tellCode shows the code and the command for the near end.
func (l *Listener) tellCode() {
	switch {
	case l.Code.IsZero():
		l.Tell.Note("no code, no contact: a checker sees the stand-in, and does not learn what arrived here; on a terminal a code is made and shown, else give one with --code-file")
	case l.Tell.Code != nil:
		l.Tell.Code(l.Code.Show())
	}
	l.Tell.Note("at the near end, run:")
	for _, command := range l.commands(machine.Addresses()) {
		l.Tell.Line("  " + command)
	}
}

// commands is what to run at the near end, for each role. They name an address, because the
// near end may not know the name of this machine. own are its addresses, the best first.
func (l *Listener) commands(own []netip.Addr) (all []string) {
	host := l.Plan.Host
	isSpecific := func(a netip.Addr) bool { return !a.IsUnspecified() }
	if i := slices.IndexFunc(l.Addresses, isSpecific); i >= 0 {
		host = l.Addresses[i].String()
	} else if len(own) > 0 {
		host = own[0].String()
	}
	for _, role := range l.Plan.Roles {
		command := fmt.Sprintf("exreach check %s --version %s", host, l.Plan.Version.Name)
		if len(l.Plan.Version.Roles) > 1 {
			command += " --role " + role
		}
		all = append(all, command+" --from "+l.Plan.From(role))
	}
	return all
}

// title is what a plan plays.
func (p Plan) title() string {
	roles := "role "
	if len(p.Roles) > 1 {
		roles = "roles "
	}
	return p.Version.Title + ", " + roles + strings.Join(p.Roles, ", ")
}

// whereOf says at which addresses it listens.
func whereOf(addresses []netip.Addr) string {
	if len(addresses) == 0 || slices.ContainsFunc(addresses, netip.Addr.IsUnspecified) {
		return "at every address of this machine"
	}
	var words []string
	for _, a := range addresses {
		words = append(words, a.String())
	}
	return "at " + strings.Join(words, ", ")
}

// tellUnopened says which ports are not open, and how to grant what is missing.
func (l *Listener) tellUnopened(openings []far.Opening) {
	open := 0
	var denied []string
	for _, o := range openings {
		switch o.State {
		case far.Open:
			open++
		case far.Denied:
			denied = append(denied, name(o))
		case far.Held:
			l.Tell.Note(fmt.Sprintf("%s is held by %s %s: it counts as reached if that answers", name(o), holderOf(o), whereOf([]netip.Addr{o.Address})))
		case far.Failed:
			l.Tell.Note(fmt.Sprintf("%s cannot be opened %s: %s", name(o), whereOf([]netip.Addr{o.Address}), o.Error))
		}
	}
	if open < len(openings) {
		l.Tell.Note(fmt.Sprintf("%d of %s are open", open, catalog.Count(len(openings), "port")))
	}
	if len(denied) > 0 {
		l.tellGrant(catalog.Enumerated(slices.Compact(denied), "and"))
	}
}

// tellGrant says how to get the right to open ports.
func (l *Listener) tellGrant(ports string) {
	head, lines, _ := strings.Cut(rights.Grant(l.Program), "\n")
	if strings.HasPrefix(head, "Ports below") {
		head = "to grant it, once, one of these:"
	}
	l.Tell.Note(ports + ": needs privilege. " + strings.ToUpper(head[:1]) + head[1:])
	for line := range strings.Lines(lines) {
		line = strings.TrimRight(line, "\r\n")
		if l.isBack { // the checker keeps what it has
			if program, _, is := strings.Cut(line, " listen …"); is {
				line = program + " check … --reverse"
			}
		}
		l.Tell.Line("  " + line)
	}
}

// tellWall says what is known of the host's own firewall, with the lines that let the
// listener through.
func (l *Listener) tellWall(openings []far.Opening) {
	open := slices.DeleteFunc(slices.Clone(openings), func(o far.Opening) bool { return !isOpen(o) })
	ports := portsOf(open)
	says := l.found.Says(ports)
	isLocal := len(l.Addresses) > 0 && !slices.ContainsFunc(l.Addresses, func(a netip.Addr) bool { return !a.IsLoopback() })
	if says == "" || isLocal {
		return
	}
	l.Tell.Note(says)
	allow, undo := l.found.Lines(ports)
	if len(allow) == 0 || l.found.Kind == "" || l.found.Known && !l.found.Active {
		return
	}
	l.Tell.Note("to let the listener be reached:")
	for _, line := range allow {
		l.Tell.Line("  " + line)
	}
	if len(undo) > 0 {
		l.Tell.Note("and to undo that afterwards:")
		for _, line := range undo {
			l.Tell.Line("  " + line)
		}
	}
}

// nothingOpen is the error where no port could be opened.
func (l *Listener) nothingOpen(openings []far.Opening) error {
	var parts []string
	for _, o := range openings {
		parts = append(parts, name(o)+" "+stateOf(o))
	}
	const few = 6
	if more := len(parts) - few; more > 0 {
		parts = append(parts[:few], fmt.Sprintf("and %d more", more))
	}
	if slices.ContainsFunc(openings, func(o far.Opening) bool { return o.State == far.Denied }) {
		l.tellGrant("ports below 1024")
	}
	return mistake("free one of the ports, grant the right, or name another --address or --role", "no port could be opened: %s", strings.Join(parts, "; "))
}

// portsOf is the ports of some openings, each once.
func portsOf(openings []far.Opening) (ports []catalog.Port) {
	for _, o := range openings {
		if port := (catalog.Port{Network: o.Network, Number: o.Port}); !slices.Contains(ports, port) {
			ports = append(ports, port)
		}
	}
	return ports
}
