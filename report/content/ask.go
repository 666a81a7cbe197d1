// SPDX-License-Identifier: Apache-2.0

package content

import (
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
	"exreach/report/judge/route"
)

// Action is what a firewall's administrator is asked to do.
type Action string

// The actions.
const (
	Allow  Action = "allow"  // what is wanted and does not get through
	Block  Action = "block"  // what gets through and must not
	Exempt Action = "exempt" // from inspection: what gets through changed
)

// An Ask is what to ask a firewall's administrator for: one source, one destination, one
// port.
type Ask struct {
	Action      Action
	Machine     string // the computer that asked; "" if it has no name
	Source      string // its address; "" if it is not known
	Host        string
	Site        string // where the host stands; "" if it is not known
	Address     string // of the host
	Network     catalog.Network
	Port        uint16
	Services    []string  // at the port, each once
	Reason      string    // why Exchange needs it, or must not have it
	Observation string    // what was seen
	At          time.Time // when the run began that saw it; zero if that is not known
}

// An AskList is what to ask a firewall's administrator for: what a firewall on the path, or
// the host's own, can have caused, and nothing else. It joins what is about the same port: its
// services, the reasons, and the names of the hosts that have the address. Of several runs, the
// newest that saw a port decides. The zero value is ready to use.
type AskList struct {
	asks   []joinedAsk
	places map[askKey]int
	wanted map[flow]bool         // of all hosts: another may have the same address
	seen   map[socket][]sighting // in a joined report, the newest of each machine and source
}

// A joinedAsk is one for which there may be several hosts and reasons.
type joinedAsk struct {
	Ask
	hosts, reasons words
}

// An askKey is what makes two asks one.
type askKey struct {
	action Action
	source string
	flow
}

// A flow is a port of an address, asked from a machine.
type flow struct {
	machine string
	socket
}

// A socket is a port of an address.
type socket struct {
	address string
	network catalog.Network
	port    uint16
}

func socketOf(e Entry) socket { return socket{e.Address, e.Network, e.Port} }

// A sighting is what a run saw of a socket.
type sighting struct {
	machine, source string
	at              time.Time // when the run began
	blocked         bool      // packets to it, or from it, do not get through
	open            bool      // a server answers, or takes connections
}

// Add adds what one host, as one run saw it, shows.
func (l *AskList) Add(entries []Entry, h Head) {
	if l.places == nil {
		l.places, l.wanted, l.seen = map[askKey]int{}, map[flow]bool{}, map[socket][]sighting{}
	}
	c := caseOf(entries, h)
	for _, e := range entries {
		if isWanted(e) {
			l.wanted[flow{c.run.Machine, socketOf(e)}] = true
		}
		if h.IsJoined() && !c.run.Started.IsZero() {
			l.note(e, c.run)
		}
		if action, ok := c.action(e); ok {
			l.add(c.ask(action, e))
		}
	}
}

// note keeps what a run saw of a port, unless that shows nothing, or a later run saw it.
func (l *AskList) note(e Entry, run Run) {
	if e.Address == "" || e.Port == 0 || e.Verdict == probe.Untried || e.Verdict == probe.Unresolved || hasFinding(e, elsewhere) {
		return
	}
	is := sighting{machine: run.Machine, source: e.Source, at: run.Started, blocked: isCutOff(e) || isLost(e)}
	is.open = e.Verdict == probe.Silent || !is.blocked && e.Verdict != probe.Refused
	all := l.seen[socketOf(e)]
	i := slices.IndexFunc(all, func(s sighting) bool { return s.machine == is.machine && s.source == is.source })
	switch {
	case i < 0:
		l.seen[socketOf(e)] = append(all, is)
	case is.at.After(all[i].at):
		all[i] = is
	case is.at.Equal(all[i].at):
		all[i].blocked, all[i].open = all[i].blocked || is.blocked, all[i].open || is.open
	}
}

// isOver reports whether a later run from the same source saw that there is nothing left to
// ask for. Where one of them does not know its source, the machine must be the same.
func (l *AskList) isOver(a Ask) bool {
	if a.At.IsZero() {
		return false
	}
	last := sighting{at: a.At, blocked: true, open: true}
	for _, s := range l.seen[a.flow().socket] {
		same := s.source == a.Source
		if s.source == "" || a.Source == "" {
			same = s.machine == a.Machine && s.machine != ""
		}
		switch {
		case !same:
		case s.at.After(last.at):
			last = s
		case s.at.Equal(last.at):
			last.blocked, last.open = last.blocked || s.blocked, last.open || s.open
		}
	}
	return a.Action == Allow && !last.blocked || a.Action == Block && !last.open
}

func (l *AskList) add(a Ask) {
	key := askKey{a.Action, a.Source, a.flow()}
	i, known := l.places[key]
	if !known {
		i = len(l.asks)
		l.places[key] = i
		l.asks = append(l.asks, joinedAsk{Ask: a})
	}
	l.asks[i].join(a)
}

// All returns each ask once, in the order in which they came, without those that block what
// is wanted and those that are over.
func (l *AskList) All() []Ask {
	var all []Ask
	for _, j := range l.asks {
		if j.Action == Block && l.wanted[j.flow()] || l.isOver(j.Ask) {
			continue
		}
		a := j.Ask
		a.Host, a.Reason = j.hosts.text(", "), j.reasons.text("; ")
		all = append(all, a)
	}
	return all
}

func (a Ask) flow() flow { return flow{a.Machine, socket{a.Address, a.Network, a.Port}} }

// join adds what another ask for the same port has. What the newest run saw counts. No port
// has more services than manyNames, but a forged report may.
func (j *joinedAsk) join(a Ask) {
	if a.At.After(j.At) {
		j.At, j.Observation = a.At, a.Observation
	}
	for _, s := range a.Services {
		if len(j.Services) < manyNames && !slices.Contains(j.Services, s) {
			j.Services = append(j.Services, s)
		}
	}
	j.hosts.add(a.Host)
	j.reasons.add(a.Reason)
}

// An askCase is what the entries of a host show together.
type askCase struct {
	run     Run
	partial bool                       // the report is a selection
	spoke   map[string]map[socket]bool // the sockets of an address that sent something themselves
	barred  map[string]map[socket]bool // those that a device on the path forbids
}

func caseOf(entries []Entry, h Head) askCase {
	c := askCase{partial: h.Partial, spoke: map[string]map[socket]bool{}, barred: map[string]map[socket]bool{}}
	for _, e := range entries {
		c.run = h.RunOf(e.Run)
		if c.spoke[e.Address] == nil {
			c.spoke[e.Address], c.barred[e.Address] = map[socket]bool{}, map[socket]bool{}
		}
		if e.Witness != nil {
			c.spoke[e.Address][socket{e.Address, catalog.TCP, e.Witness.Port}] = true
		} else if hostSpoke(e) {
			c.spoke[e.Address][socketOf(e)] = true
		}
		if e.Verdict == probe.Prohibited || isRefusedOnPath(e) {
			c.barred[e.Address][socketOf(e)] = true
		}
	}
	return c
}

// hasOther reports whether sockets of an address have another than that of an entry.
func hasOther(sockets map[socket]bool, e Entry) bool {
	return len(sockets) > 1 || len(sockets) == 1 && !sockets[socketOf(e)]
}

// isRefusedOnPath reports whether another than the host refused a connect.
func isRefusedOnPath(e Entry) bool {
	return e.Verdict == probe.Refused && e.SaidBy != "" && e.SaidBy != e.Address
}

func isWanted(e Entry) bool { return e.Want == catalog.Required || e.Want == catalog.Optional }

// action returns what to ask for because of an entry; false if there is nothing.
func (c askCase) action(e Entry) (Action, bool) {
	switch {
	case e.Address == "" || e.Port == 0 || e.Service == catalog.Control || isOwn(e) || hasFinding(e, elsewhere):
		return "", false
	case isAcross(e):
		return askAcross(e)
	case lackOf(e) == exposed:
		return Block, !e.Partial && !c.partial // what else wants the port may have been left out
	case lackOf(e) == none || lackOf(e) >= unclear || !isWanted(e):
		return "", false
	}
	return Allow, e.Crowded == nil && !hasFinding(e, passing) && c.isStopped(e)
}

// isOwn reports whether the address is one of this machine's own: no other firewall is
// involved.
func isOwn(e Entry) bool {
	a, err := netip.ParseAddr(e.Address)
	return err == nil && (a.IsLoopback() || a.WithZone("").String() == e.Source)
}

// elsewhere are the findings that explain an answer by a device that answers for the server,
// and passing those that explain a silence by something that a rule does not change: a block
// for a while, a limit, an address that no server has.
var (
	elsewhere = []string{"everything-answers", "mail-shield", "answered-by-other"}
	passing   = []string{"shunned", "connection-limit", "name-reserved"}
)

func hasFinding(e Entry, codes []string) bool {
	return slices.ContainsFunc(e.Findings, func(f judge.Finding) bool { return slices.Contains(codes, f.Code) })
}

// isStopped reports whether a device may have stopped the packets. A host that a router
// cannot reach at all is no firewall's doing, nor is a closed port, unless another than the
// host closed it. Packets that are lost once the handshake has passed are lost on the path.
func (c askCase) isStopped(e Entry) bool {
	switch e.Verdict {
	case probe.TimedOut:
		return e.Trace == nil || e.Trace.Outcome != route.Open
	case probe.Unreachable:
		return e.SaidBy == e.Address || hasOther(c.spoke[e.Address], e)
	}
	return isCutOff(e)
}

// isCutOff reports whether the packets of an entry did not get through, whatever the
// reason.
func isCutOff(e Entry) bool {
	switch e.Verdict {
	case probe.TimedOut, probe.Prohibited, probe.Unreachable:
		return true
	case probe.Silent:
		return e.Silence == probe.NotArrived || e.Silence == probe.AnswerLost
	}
	return isRefusedOnPath(e)
}

func (c askCase) ask(action Action, e Entry) Ask {
	return Ask{
		Action: action, Machine: c.run.Machine, Source: e.Source, Host: e.Host, Site: e.Site, Address: e.Address,
		Network: e.Network, Port: e.Port, Services: []string{e.Service},
		Reason: reasonFor(e, c.run.From), Observation: c.observation(e), At: c.run.Started,
	}
}
