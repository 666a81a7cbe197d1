// SPDX-License-Identifier: Apache-2.0

// Package wall tells what the system says of this host's own firewall, and how to let a
// listener through it. It reads what any user may read, runs no program, and changes
// nothing.
package wall

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// The kinds of firewalls.
const (
	Windows   = "Windows Defender Firewall"
	Firewalld = "firewalld"
	UFW       = "ufw"
	Nftables  = "nftables"
	Iptables  = "iptables"
)

// A Wall is this host's own firewall, as far as the system tells.
type Wall struct {
	Kind    string // one of the kinds; empty if none was found
	Profile string // its profile on Windows, or the default zone of firewalld; empty if that is not known
	Active  bool   // it is on
	Known   bool   // the system told whether it is on

	program  string // the path of the program that listens
	system   string // as runtime.GOOS
	seen     bool   // root saw the rules' chains
	chain    string // the one for nft's rules: family, table and name; empty if it is not known
	profiles []profile
	rules    []rule
}

// Look asks the system about its firewall. The program is the path of the executable that
// listens.
func Look(program string) Wall {
	w := look(program)
	w.program = program
	return w
}

// Says tells in one sentence what is known of the firewall and these ports.
func (w Wall) Says(ports []catalog.Port) string {
	where := ""
	switch {
	case w.Kind == Windows && w.Profile != "":
		where = " in the profile " + w.Profile
	case w.Kind == Windows:
		where = " in the profiles that may apply"
	case w.Profile != "":
		where = " with the default zone " + w.Profile
	}
	switch {
	case w.Kind == "" && w.seen:
		return "This host has no rules of nftables or iptables for what comes in."
	case w.Kind == "" && w.system == "linux":
		return "No sign of a firewall on this host was found, but only root can see its rules."
	case w.Kind == "":
		return "This system does not tell whether a firewall of its own is on."
	case !w.Known:
		return fmt.Sprintf("This host has %s; the system does not tell whether it is on.", w.Kind)
	case !w.Active:
		return fmt.Sprintf("%s is off%s.", w.Kind, where)
	case w.Kind != Windows && w.seen:
		return fmt.Sprintf("%s is on%s; its rules decide what may come in.", w.Kind, where)
	case w.Kind != Windows:
		return fmt.Sprintf("%s is on%s; only root can see which ports it allows.", w.Kind, where)
	}
	return fmt.Sprintf("%s is on%s; %s.", w.Kind, where, w.ruling(ports))
}

// ruling tells what the rules say of these ports, the worst first.
func (w Wall) ruling(ports []catalog.Port) string {
	ports = sorted(ports)
	by := map[opinion][]string{}
	for _, port := range ports {
		o := w.opinion(port)
		by[o] = append(by[o], port.String())
	}
	for _, c := range []struct {
		opinion
		words string
	}{
		{blocks, "a rule blocks this program"},
		{silent, "no rule allows this program"},
		{unclear, "its rules leave open who may reach this program"},
	} {
		switch at := by[c.opinion]; len(at) {
		case 0:
		case len(ports):
			return c.words
		default:
			return c.words + " at " + strings.Join(at, ", ")
		}
	}
	return "a rule allows this program"
}

// sorted returns the ports in order, each once.
func sorted(ports []catalog.Port) []catalog.Port {
	ports = slices.Clone(ports)
	slices.SortFunc(ports, func(a, b catalog.Port) int {
		if a.Network != b.Network {
			return strings.Compare(string(a.Network), string(b.Network))
		}
		return int(a.Number) - int(b.Number)
	})
	return slices.Compact(ports)
}
