// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
)

// A lack is one way in which a service is not as wanted. The order is that of an answer.
type lack int

const (
	none         lack = iota
	blocked           // nothing comes back, or a device on the path forbids it
	closed            // the connect is refused
	unregistered      // the endpoint mapper does not know the interface
	broken            // the port is reached, and the service does not answer as it should
	doubtful          // it answers, with a warning about whether it can be used
	exposed           // it is reached, and must not be
	unclear           // it could not be determined
	unasked           // it was not asked
)

// lackWords is how an answer calls each lack.
var lackWords = map[lack]string{
	blocked: "blocked", closed: "closed", unregistered: "not registered", broken: "not working", doubtful: "needing attention", exposed: "open that must be closed", unclear: "not determined",
}

// lackOf returns what keeps a result from being as wanted; none if nothing does.
func lackOf(e Entry) lack {
	switch {
	case e.Grade == judge.Pass:
		return none
	case e.Verdict == probe.Untried:
		return unasked
	case e.Grade == judge.Unknown:
		return unclear
	case e.Want == catalog.Forbidden:
		return exposed
	case e.IsUnregistered():
		return unregistered
	case e.Verdict == probe.Refused:
		return closed
	case e.Verdict == probe.TimedOut, e.Verdict == probe.Prohibited, e.Verdict == probe.Unreachable:
		return blocked
	case e.Grade == judge.Warn && e.Verdict == probe.Answered:
		return doubtful
	}
	return broken
}

// A ledger is what the results of a host add up to.
type ledger struct {
	services  map[serviceKey]judge.Grade // each service once, with the worst grade of its addresses
	reachable map[serviceKey]bool        // required, and answers at every address
	wanted    bool                       // something is required or optional
	addresses map[string]bool
	ports     map[string]bool // that were asked
	gaps      map[gapKey]*gap
	heard     bool // the host itself sent something
	isNamed   bool // the user named its ports, and no role says what they are for
}

// A serviceKey is what makes results ones of the same service.
type serviceKey struct {
	version, role, parent, service string
	port                           string // that the user named: two of them may have the same service
}

func keyOf(e Entry) serviceKey {
	key := serviceKey{version: e.Version, role: e.Role, parent: e.Parent, service: e.Service}
	if IsNamedPort(e) {
		key.port = e.PortText()
	}
	return key
}

// IsNamedPort reports whether the user named a port, and it is checked for no role.
func IsNamedPort(e Entry) bool { return e.Role == "" }

// A gapKey is a kind of lack: of what may be missing or of what may not.
type gapKey struct {
	lack     lack
	optional bool
	why      string // of what was not asked
}

// isFailing reports whether something is not as wanted beyond doubt.
func (k gapKey) isFailing() bool {
	return !k.optional && k.lack <= exposed && k.lack != doubtful
}

// A gap is where a lack was seen.
type gap struct {
	ports     []string // as people write them, each once, in the order of the report
	services  map[serviceKey]bool
	addresses map[string]bool
}

func newLedger(entries []Entry) *ledger {
	l := &ledger{
		services: map[serviceKey]judge.Grade{}, reachable: map[serviceKey]bool{}, addresses: map[string]bool{},
		ports: map[string]bool{}, gaps: map[gapKey]*gap{},
		isNamed: !slices.ContainsFunc(entries, func(e Entry) bool { return !IsNamedPort(e) }),
	}
	for _, e := range entries {
		l.add(e)
	}
	return l
}

func (l *ledger) add(e Entry) {
	key := keyOf(e)
	if known, ok := l.services[key]; !ok || judge.Compare(e.Grade, known) > 0 {
		l.services[key] = e.Grade
	}
	if e.Want == catalog.Required && e.Verdict == probe.Answered {
		if _, known := l.reachable[key]; !known {
			l.reachable[key] = true
		}
	}
	l.reachable[key] = l.reachable[key] && (e.Grade == judge.Pass || lackOf(e) == doubtful)
	l.wanted = l.wanted || e.Want == catalog.Required || e.Want == catalog.Optional
	l.addresses[e.Address] = true
	l.ports[portWord(e)] = true
	l.heard = l.heard || hostSpoke(e)
	if lack := lackOf(e); lack != none {
		l.lacking(e, key, lack)
	}
}

func (l *ledger) lacking(e Entry, service serviceKey, lack lack) {
	key := gapKey{lack: lack, optional: e.Grade == judge.Warn && lack <= broken}
	if lack == unasked {
		key.why = WhyUnasked(e)
	}
	g := l.gaps[key]
	if g == nil {
		g = &gap{services: map[serviceKey]bool{}, addresses: map[string]bool{}}
		l.gaps[key] = g
	}
	if word := portWord(e); !slices.Contains(g.ports, word) {
		g.ports = append(g.ports, word)
	}
	g.services[service], g.addresses[e.Address] = true, true
}

// portWord is a port as people write it: 443, or 53/udp. Of an interface without a port it
// is the name.
func portWord(e Entry) string {
	switch {
	case e.Port == 0:
		return e.Service
	case e.Network == catalog.TCP:
		return fmt.Sprint(e.Port)
	}
	return e.PortText()
}

// WhyUnasked says in a few words why a service was not asked.
func WhyUnasked(e Entry) string {
	return cmp.Or(strings.ReplaceAll(string(e.Obstacle), "-", " "), "see below")
}

// hostSpoke reports whether a result shows that the host is up.
func hostSpoke(e Entry) bool {
	switch e.Verdict {
	case probe.Unresolved, probe.Untried:
		return false
	case probe.TimedOut, probe.Prohibited, probe.Unreachable:
		return e.Witness != nil || e.SaidBy != "" && e.SaidBy == e.Address
	}
	return e.SaidBy == "" || e.SaidBy == e.Address
}

// CountPorts is how many ports were asked, each counted once for all addresses.
func CountPorts(entries []Entry) int { return len(newLedger(entries).ports) }

// UnitOf is what an answer counts: services, or ports where the user named these.
func UnitOf(entries []Entry) string { return newLedger(entries).unit() }
