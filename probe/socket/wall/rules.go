// SPDX-License-Identifier: Apache-2.0

package wall

import (
	"slices"
	"strconv"
	"strings"

	"exreach/catalog"
)

// A profile is one of the sets of settings of Windows' firewall.
type profile struct {
	name    string // "Domain", "Private" or "Public"
	on      bool
	open    bool // what no rule mentions is allowed
	refuses bool // it makes no exceptions: no rule counts
	pushed  bool // only the rules of group policy count
}

// A rule is what a line of Windows' firewall means for what comes in ([MS-GPFAS]
// section 2.2.2.19).
type rule struct {
	block    bool
	pushed   bool            // it is from group policy
	limited  bool            // it counts for some peers, interfaces or services only
	profiles []string        // none: all
	protocol int             // -1: any
	ports    []catalog.Ports // none: any
	app      string          // a path; empty: any
}

// noise are the fields of a rule that say nothing of whom it allows.
var noise = []string{"name", "desc", "embedctxt", "active", "dir", "edge", "defer"}

// parseRule reads "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|". It reports
// false for what is no rule about what comes in, or is not in force. A field that it does
// not know limits the rule.
func parseRule(line string) (r rule, ok bool) {
	r.protocol = -1
	fields := strings.Split(line, "|")
	if !strings.HasPrefix(fields[0], "v") {
		return rule{}, false
	}
	seen := map[string]string{}
	named := false // it names ports, which may all be words
	for _, field := range fields[1:] {
		key, value, _ := strings.Cut(field, "=")
		key = strings.ToLower(key)
		seen[key] = strings.ToLower(value)
		switch {
		case key == "" || key == "action" || slices.Contains(noise, key):
		case key == "protocol":
			n, err := strconv.ParseUint(value, 10, 8)
			if r.protocol = int(n); err != nil {
				return rule{}, false
			}
		case key == "lport" || strings.HasPrefix(key, "lport2_"):
			named = true
			if p, ok := parsePorts(value); ok {
				r.ports = append(r.ports, p)
			}
		case key == "profile":
			r.profiles = append(r.profiles, strings.ToLower(value))
		case key == "app":
			r.app = value
		default:
			r.limited = true
		}
	}
	r.block = seen["action"] == "block"
	only := named && len(r.ports) == 0 // for ports like RPC, which the system knows
	return r, !only && seen["active"] == "true" && seen["dir"] == "in" && (r.block || seen["action"] == "allow")
}

// parsePorts reads "443" or "5000-5010".
func parsePorts(s string) (catalog.Ports, bool) {
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	a, err := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	return catalog.Ports{First: uint16(a), Last: uint16(b)}, err == nil && err2 == nil && a <= b
}

// An opinion is what a firewall's rules say of a port.
type opinion int

const (
	silent  opinion = iota // no rule speaks of it, and what no rule allows is dropped
	allows                 // any peer
	blocks                 // no peer
	unclear                // some peers, or the profiles do not agree
)

// opinion returns what all profiles that may apply say.
func (w Wall) opinion(port catalog.Port) opinion {
	result := unclear
	for i, p := range w.profiles {
		o := w.under(p, port)
		if i > 0 && o != result {
			return unclear
		}
		result = o
	}
	return result
}

// under returns what one profile says: a rule that blocks goes before one that allows.
func (w Wall) under(p profile, port catalog.Port) opinion {
	switch {
	case !p.on:
		return allows
	case p.refuses:
		return blocks
	}
	var allowed, blocked, allowedSome, blockedSome bool
	for _, r := range w.rules {
		if p.pushed && !r.pushed || !r.matches(p.name, w.program, port) {
			continue
		}
		allowed = allowed || !r.block && !r.limited
		blocked = blocked || r.block && !r.limited
		allowedSome = allowedSome || !r.block && r.limited
		blockedSome = blockedSome || r.block && r.limited
	}
	switch {
	case blocked:
		return blocks
	case (allowed || p.open) && blockedSome, allowedSome && !allowed && !p.open:
		return unclear
	case allowed || p.open:
		return allows
	}
	return silent
}

// matches reports whether the rule speaks of a port of a program.
func (r rule) matches(profile, program string, port catalog.Port) bool {
	number := map[catalog.Network]int{catalog.TCP: 6, catalog.UDP: 17}[port.Network]
	return (r.protocol == -1 || r.protocol == number) &&
		(len(r.profiles) == 0 || slices.Contains(r.profiles, strings.ToLower(profile))) &&
		(r.app == "" || strings.EqualFold(r.app, program)) &&
		(len(r.ports) == 0 || slices.ContainsFunc(r.ports, func(p catalog.Ports) bool { return p.First <= port.Number && port.Number <= p.Last }))
}
