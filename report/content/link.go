// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/report/ends"
	"exreach/report/judge"
)

// isStandIn reports whether answers of a host come from a stand-in of exreach.
func isStandIn(entries []Entry) bool {
	return slices.ContainsFunc(entries, func(e Entry) bool { return e.Peer != nil && e.Peer.StandIn })
}

// deployOf answers whether one may deploy at a host, by what both ends show of its ports; nil
// if no far end told anything.
func deployOf(entries []Entry) *ends.Deploy {
	addresses := map[string]bool{}
	for _, e := range entries {
		addresses[e.Address] = true
	}
	var ports []ends.Port
	for _, r := range PortRows(entries) {
		p := ends.Port{Name: r.First().PortText(), Reached: true}
		if p.Name == "rpc" {
			p.Name = r.First().Service
		}
		if len(addresses) > 1 {
			p.Name += " at " + r.First().Address
		}
		matters := false
		for _, e := range r.Entries {
			matters = addTo(&p, *e) || matters
		}
		if matters {
			ports = append(ports, p)
		}
	}
	return ends.Decide(ports, "the listener at "+entries[0].Host)
}

// addTo adds what an entry shows of its port. It reports whether that matters for the answer:
// whether the port is wanted, or open and must not be.
func addTo(p *ends.Port, e Entry) bool {
	if lackOf(e) == exposed {
		p.Exposed = true
		return true
	}
	isSpared := e.Grade == judge.Pass && e.Verdict != probe.Answered // by its group, or because it is optional
	if e.Service == catalog.Control || !isWanted(e) || isSpared && e.Direction == "" || e.Far == nil && e.Want == catalog.Optional {
		return false
	}
	p.Reached = p.Reached && e.Verdict == probe.Answered
	if e.Far == nil {
		p.Direction = cmp.Or(p.Direction, far.NoDirection)
		return true
	}
	p.Told = true
	p.Holder = cmp.Or(p.Holder, e.Far.HeldBy)
	if place(e.Direction) < place(p.Direction) {
		p.Direction, p.Why = e.Direction, e.Far.Why
	}
	return true
}

// place is how much a direction matters: the least first.
func place(d far.Direction) int {
	if i := slices.Index(far.Directions(), d); i >= 0 {
		return i
	}
	return len(far.Directions())
}

// LinkTexts is what stands above everything else in a report of both ends of a link: that the
// answers are no Exchange's, and whether one may deploy. It is empty for any other report.
func (h Head) LinkTexts() []string {
	var texts []string
	for _, text := range []string{h.standInText(), h.deployText()} {
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// standInText says whose answers are no Exchange's.
func (h Head) standInText() string {
	const most = 3
	program := "exreach listen"
	if h.StandIn {
		program = "exreach demo"
	}
	var names []string
	for _, s := range h.Hosts {
		if s.StandIn {
			names = append(names, h.Called(s))
		}
	}
	switch len(names) {
	case 0:
		return ""
	case len(h.Hosts):
		return "These answers come from " + program + ", not from Exchange."
	}
	return "The answers of " + Listed(names, most) + " come from " + program + ", not from Exchange."
}

// deployText is one answer over all far ends, with the reasons if not many of them say no.
func (h Head) deployText() string {
	if len(h.Hosts) == 1 && h.Hosts[0].Deploy != nil {
		return h.Hosts[0].Deploy.Text()
	}
	const most = 4
	names, told := map[ends.Answer][]string{}, false
	var reasons []string
	for _, s := range h.Hosts {
		answer := ends.Uncertain
		if s.Deploy != nil {
			answer, told = s.Deploy.Answer, true
		}
		names[answer] = append(names[answer], h.Called(s))
		if answer == ends.No {
			reasons = append(reasons, "no at "+h.Called(s)+", "+s.Deploy.Why)
		}
	}
	if !told {
		return ""
	}
	var texts []string
	if len(reasons) <= most {
		texts = reasons
		delete(names, ends.No)
	}
	for _, of := range []struct {
		answer ends.Answer
		word   string
	}{{ends.No, "no"}, {ends.Uncertain, "not certain"}, {ends.Yes, "yes"}} {
		switch hosts := names[of.answer]; len(hosts) {
		case 0:
		case len(h.Hosts):
			texts = append(texts, of.word+" at all "+catalog.Count(len(hosts), h.Unit()))
		default:
			texts = append(texts, of.word+" at "+Listed(hosts, most))
		}
	}
	return "May we deploy: " + strings.Join(texts, "; ") + "."
}

// ContactTexts is what there is to say of the contacts with the listeners of a host, a
// sentence or two each.
func ContactTexts(entries []Entry) []string {
	var texts []string
	var all []ends.Contact
	for _, e := range entries {
		all = append(all, e.Contact...)
	}
	for _, c := range all {
		texts = append(texts, c.Texts()...)
	}
	return append(texts, ends.Several(all)...)
}

// FarText is what the far end saw of an entry, in a few words; "" if none told.
func (e Entry) FarText() string {
	if e.Far == nil {
		return ""
	}
	return e.Far.Text(e.Direction)
}

// isAcross reports whether both ends show where a wanted port is blocked or changed.
func isAcross(e Entry) bool { return isWanted(e) && (isLost(e) || e.Direction == far.Changed) }

// isLost reports whether both ends show that packets do not get through, there or back.
func isLost(e Entry) bool { return e.Direction == far.NeverArrived || e.Direction == far.AnswerLost }

// askAcross returns what to ask for because of an entry that isAcross.
func askAcross(e Entry) (Action, bool) {
	if e.Direction == far.Changed {
		return Exempt, true
	}
	return Allow, lackOf(e) != none
}

// acrossTexts is what both ends saw of a port, as a firewall's administrator needs it.
var acrossTexts = map[far.Direction]string{
	far.NeverArrived: "it never arrived at the far end",
	far.AnswerLost:   "it arrived at the far end, and the answer never came back: the return path must be open, through the same stateful firewall",
	far.Changed:      "it gets through with other bytes than were sent: it must be exempt from inspection",
}
