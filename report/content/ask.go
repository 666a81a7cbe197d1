// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge"
)

// Action is what a firewall's administrator is asked to do.
type Action string

// The actions.
const (
	Allow Action = "allow" // what is wanted and does not get through
	Block Action = "block" // what gets through and must not
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

// Asks returns what to ask a firewall's administrator for, of one host: what a firewall on
// the path, or the host's own, can have caused, and nothing else. They stand in the order
// of the entries. A port that cannot be blocked without something that is wanted there is
// left out.
func Asks(entries []Entry, r Report) []Ask {
	var list AskList
	list.Add(entries, r)
	return list.All()
}

// An AskList is what to ask for of several hosts. It joins what is about the same port: its
// services, the reasons, and the names of the hosts that have the address. The zero value is
// ready to use.
type AskList struct {
	asks   []joinedAsk
	places map[askKey]int
	wanted map[flow]bool // of all hosts: another may have the same address
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
	machine, address string
	network          catalog.Network
	port             uint16
}

// Add adds what Asks returns of one host.
func (l *AskList) Add(entries []Entry, r Report) {
	if l.places == nil {
		l.places, l.wanted = map[askKey]int{}, map[flow]bool{}
	}
	c := caseOf(entries, r)
	for _, e := range entries {
		if isWanted(e) {
			l.wanted[flow{c.run.Machine, e.Address, e.Network, e.Port}] = true
		}
		if action, ok := c.action(e); ok {
			l.add(c.ask(action, e))
		}
	}
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
// is wanted.
func (l *AskList) All() []Ask {
	var all []Ask
	for _, j := range l.asks {
		if j.Action == Block && l.wanted[j.flow()] {
			continue
		}
		a := j.Ask
		a.Host, a.Reason = j.hosts.text(", "), j.reasons.text("; ")
		all = append(all, a)
	}
	return all
}

func (a Ask) flow() flow { return flow{a.Machine, a.Address, a.Network, a.Port} }

// join adds what another ask for the same port has. No port has more services than manyNames,
// but a forged report may.
func (j *joinedAsk) join(a Ask) {
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
	run    Run
	lives  map[string]bool // the addresses that sent something themselves
	barred map[string]bool // those of which a device on the path forbids a port
}

func caseOf(entries []Entry, r Report) askCase {
	c := askCase{lives: map[string]bool{}, barred: map[string]bool{}}
	for _, e := range entries {
		c.run = r.RunOf(e.Run)
		c.lives[e.Address] = c.lives[e.Address] || hostSpoke(e)
		c.barred[e.Address] = c.barred[e.Address] || e.Verdict == probe.Prohibited || isRefusedOnPath(e)
	}
	return c
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
	case lackOf(e) == exposed:
		return Block, true
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
	elsewhere = []string{"everything-answers", "mail-shield"}
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
		return e.Trace == nil || e.Trace.Outcome != judge.Open
	case probe.Prohibited:
		return true
	case probe.Unreachable:
		return c.lives[e.Address]
	case probe.Refused:
		return isRefusedOnPath(e)
	case probe.Silent:
		return e.Silence == probe.NotArrived || e.Silence == probe.AnswerLost
	}
	return false
}

func (c askCase) ask(action Action, e Entry) Ask {
	return Ask{
		Action: action, Machine: c.run.Machine, Source: e.Source, Host: e.Host, Site: e.Site, Address: e.Address,
		Network: e.Network, Port: e.Port, Services: []string{e.Service},
		Reason: reasonFor(e, c.run.From), Observation: c.observation(e), At: c.run.Started,
	}
}

// reasonWords begin the reason for an ask, by what is wanted.
var reasonWords = map[catalog.Want]string{catalog.Required: "required by", catalog.Optional: "optional at", catalog.Forbidden: "must not be open at"}

// reasonFor says why a service is wanted, or must not be reached: "required by Exchange 2019
// mailbox for client".
func reasonFor(e Entry, from string) string {
	if IsNamedPort(e) {
		return "the check named the port"
	}
	var ours *catalog.Releases
	text := fmt.Sprintf("%s %s %s", reasonWords[e.Want], ours.Called(e.Version), e.Role)
	if from != "" {
		text += " for " + from
	}
	if e.Parent != "" {
		text += " (a dynamic port, which " + e.Parent + " named: it may be another after a restart)"
	}
	return text
}

// observation says what was seen at a port, and where packets to it stop if that is known.
func (c askCase) observation(e Entry) string {
	text := c.seen(e)
	if e.Trace != nil && e.Trace.After != "" {
		text += "; stops after " + e.Trace.After
	}
	return text
}

func (c askCase) seen(e Entry) string {
	by := cmp.Or(e.SaidBy, "a device on the path")
	if e.SaidBy == e.Address {
		by = "the host itself"
	}
	switch e.Verdict {
	case probe.TimedOut:
		return c.noReply(e)
	case probe.Prohibited:
		return fmt.Sprintf("%s says that a rule forbids it (ICMP administratively prohibited)", by)
	case probe.Unreachable:
		return fmt.Sprintf("%s reports it as unreachable, while other ports of the host answer", by)
	case probe.Refused:
		return fmt.Sprintf("%s refuses it in the host's place", by)
	}
	if lackOf(e) == exposed {
		return fmt.Sprintf("a connection succeeds (%s)", e.Verdict)
	}
	if e.Silence == probe.AnswerLost {
		return `the connection opens, and large packets of the answer are lost: ICMP "fragmentation needed" and "packet too big" must get through`
	}
	return "the connection opens, and what is sent on it never arrives: one firewall must see both directions, and pass packets of open connections"
}

// noReply says what the silence of a port can mean.
func (c askCase) noReply(e Entry) string {
	text := "no reply"
	switch {
	case e.Witness != nil && e.Witness.Answers:
		text += fmt.Sprintf(", while %d/tcp of the same address answers", e.Witness.Port)
	case c.lives[e.Address]:
		text += ", while other ports of the address answer"
	case c.barred[e.Address]:
		text += ", while a device on the path forbids other ports of the address"
	case e.Partial: // nothing follows about the address
	default:
		text += " at any port of the address: it may also be that the host is down"
	}
	if e.Network == catalog.UDP {
		text += " (over UDP, the service may not answer strangers)"
	}
	return text
}
