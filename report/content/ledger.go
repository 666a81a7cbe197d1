// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"slices"
	"strconv"
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
	unfinished        // it was being asked when the run ended
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
	case e.IsUnfinished():
		return unfinished
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
	numbers   map[serviceKey]int    // of the services, in the order of the report
	services  map[int]bool          // each once for all addresses
	answered  map[int]bool          // required, and answers at some address
	missing   map[int]bool          // required, and lacking or doubtful at some address
	wants     map[catalog.Want]bool // what is wanted of the services
	addresses map[string]bool       // that were asked
	ports     map[string]bool       // that were asked
	gaps      map[gapKey]*gap
	hasTCP    bool // some of the ports are on TCP
	inDoubt   bool // something required answers, and is doubtful
	heard     bool // the host itself sent something
	isNamed   bool // the user named its ports, and no role says what they are for
	isPartial bool // other results were left out
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

// isNamed reports whether the user named all ports of the entries.
func isNamed(entries []Entry) bool {
	return !slices.ContainsFunc(entries, func(e Entry) bool { return !IsNamedPort(e) })
}

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
	services  map[int]bool
	addresses map[string]bool
	spots     map[spot]bool
	known     map[string]bool // what is in ports
}

// A spot is a service at an address.
type spot struct {
	service int
	address string
}

func newLedger(entries []Entry) *ledger {
	l := &ledger{
		numbers: map[serviceKey]int{}, services: map[int]bool{}, answered: map[int]bool{}, missing: map[int]bool{},
		wants: map[catalog.Want]bool{}, addresses: map[string]bool{}, ports: map[string]bool{}, gaps: map[gapKey]*gap{},
		isNamed: isNamed(entries), isPartial: entries[0].Partial,
	}
	for e := range asRows(entries) {
		l.add(e)
	}
	return l
}

// number returns the number of an entry's service.
func (l *ledger) number(e Entry) int {
	key := keyOf(e)
	n, known := l.numbers[key]
	if !known {
		n = len(l.numbers)
		l.numbers[key] = n
	}
	return n
}

func (l *ledger) add(e Entry) {
	service, lack := l.number(e), lackOf(e)
	l.wants[e.Want], l.ports[portWord(e)] = true, true
	if e.Service != catalog.Control {
		l.services[service] = true
	}
	if e.Address != "" {
		l.addresses[e.Address] = true
	}
	if e.Want == catalog.Required {
		l.inDoubt = l.inDoubt || lack == doubtful
		l.missing[service] = l.missing[service] || lack != none
		l.answered[service] = l.answered[service] || lack == none && e.Verdict == probe.Answered // or else another of its group is enough
	}
	l.hasTCP = l.hasTCP || e.Network != catalog.UDP
	l.heard = l.heard || hostSpoke(e)
	if lack != none {
		l.lacking(e, service, lack)
	}
}

func (l *ledger) lacking(e Entry, service int, lack lack) {
	key := gapKey{lack: lack, optional: e.Grade == judge.Warn && lack <= broken}
	if lack >= unasked {
		key.why = WhyUnasked(e)
	}
	g := l.gaps[key]
	if g == nil {
		g = &gap{services: map[int]bool{}, addresses: map[string]bool{}, spots: map[spot]bool{}, known: map[string]bool{}}
		l.gaps[key] = g
	}
	word := portWord(e)
	if !g.known[word] {
		g.known[word] = true
		g.ports = append(g.ports, word)
	}
	if e.Service != catalog.Control {
		g.services[service] = true
	}
	if e.Address != "" {
		g.addresses[e.Address], g.spots[spot{service, e.Address}] = true, true
	}
}

// portWord is a port as people write it: 443, or 53/udp. Of an interface without a port it
// is the name.
func portWord(e Entry) string {
	switch {
	case e.Port == 0:
		return e.Service
	case e.Network == catalog.TCP:
		return strconv.Itoa(int(e.Port))
	}
	return e.PortText()
}

// WhyUnasked says in a few words why nothing is known of a service that was not asked, or
// not to the end: "not asked: interrupted".
func WhyUnasked(e Entry) string {
	how := "not asked: "
	if e.IsUnfinished() {
		how = "not finished: "
	}
	return how + cmp.Or(strings.ReplaceAll(string(e.Obstacle), "-", " "), "see below")
}

// hostSpoke reports whether a result shows that the host is up.
func hostSpoke(e Entry) bool {
	return judge.HostSent(e.Verdict, e.Witness != nil, e.SaidBy, e.Address)
}

// Ports is the ports that were asked, as people write them, each once for all addresses, in
// the order of the report.
func Ports(entries []Entry) []string {
	var ports []string
	known := map[string]bool{}
	for _, e := range entries {
		if word := portWord(e); !known[word] {
			known[word] = true
			ports = append(ports, word)
		}
	}
	return ports
}

// UnitOf is what an entry is called where entries are counted: a service, or a port that the
// user named.
func UnitOf(e Entry) string { return unit(IsNamedPort(e)) }
