// SPDX-License-Identifier: Apache-2.0

package content

import (
	"cmp"
	"fmt"
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
// if no far end told anything, and none was looked for.
func deployOf(entries []Entry) *ends.Deploy {
	addresses := map[string]bool{}
	link := ends.Link{Listener: "the listener at " + entries[0].Host}
	for _, e := range entries {
		addresses[e.Address] = true
		link.Contacts = append(link.Contacts, e.Contact...)
	}
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
			link.Ports = append(link.Ports, p)
		}
	}
	return ends.Decide(link)
}

// addTo adds what an entry shows of its port. It reports whether that matters for the answer:
// whether the port is reached, or is wanted and is not, or is open and must not be.
func addTo(p *ends.Port, e Entry) bool {
	isAnswered := e.Verdict == probe.Answered
	switch {
	case lackOf(e) == exposed:
		p.Exposed, p.Needed = true, true
		return true
	case e.Service == catalog.Control:
		return false
	case e.Far != nil && ends.Agree(e.Direction, e.Far.HeldBy, isAnswered):
	case !isWanted(e) || e.Grade == judge.Pass && !isAnswered || e.Far == nil && e.Want == catalog.Optional:
		return false // by its group, or because it is optional or off
	default:
		p.Needed = p.Needed || e.Want == catalog.Required
	}
	p.Reached = p.Reached && isAnswered
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

// LinkTexts is what stands above everything else in a report of both ends of a link: whether
// one may deploy, and that the answers are no Exchange's. It is empty for any other report.
func (h Head) LinkTexts() []string {
	var texts []string
	for _, text := range []string{h.deployText(), h.standInText()} {
		if text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// OnlyStandIns reports whether all answers are those of listeners: their certificates and
// versions say nothing about a server.
func (h Head) OnlyStandIns() bool {
	return !h.StandIn && len(h.Hosts) > 0 && !slices.ContainsFunc(h.Hosts, func(s Summary) bool { return !s.StandIn })
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

// DeployText is the answer for a host, and whom the check connected as; "" if there is none.
func (h Head) DeployText(s Summary) string {
	if s.Deploy == nil {
		return ""
	}
	return s.Deploy.Text(h.RunOf(s.Run).From)
}

// deployText is one answer over all far ends. Hosts with the same reason share it.
func (h Head) deployText() string {
	if len(h.Hosts) == 1 {
		return h.DeployText(h.Hosts[0])
	}
	if !slices.ContainsFunc(h.Hosts, func(s Summary) bool { return s.Deploy != nil }) {
		return ""
	}
	var texts []string
	for _, answer := range []ends.Answer{ends.No, ends.Uncertain, ends.Yes} {
		hosts, n := h.reasons(answer)
		word := ends.AnswerWords[answer]
		switch {
		case n == 0:
		case answer != ends.Yes:
			texts = append(texts, word+", because of "+hosts)
		case n == len(h.Hosts) && h.isBothWays():
			texts = append(texts, word+", in both directions: "+hosts)
		default:
			texts = append(texts, word+" at "+hosts)
		}
	}
	return "May we deploy: " + strings.Join(texts, "; ") + "."
}

// reasons names the hosts with an answer, and why it is not a plain yes; and counts them. A
// reason is for all hosts before it, up to the last semicolon.
func (h Head) reasons(answer ends.Answer) (text string, hosts int) {
	var whys []string
	at := map[string][]string{}
	for _, s := range h.Hosts {
		d := cmp.Or(s.Deploy, &ends.Deploy{Answer: ends.Uncertain, Why: "no far end told"})
		if d.Answer != answer {
			continue
		}
		why := " (" + strings.TrimPrefix(d.Why, "because ") + ")"
		if answer == ends.Yes && !strings.HasPrefix(d.Why, "but ") {
			why = ""
		}
		if at[why] == nil {
			whys = append(whys, why)
		}
		at[why] = append(at[why], h.Called(s))
		hosts++
	}
	const most = 4
	var texts []string
	more := hosts
	for _, why := range whys[:min(len(whys), most)] {
		texts = append(texts, Listed(at[why], most)+why)
		more -= len(at[why])
	}
	return listed([]string{strings.Join(texts, "; ")}, 1, more), hosts
}

// isBothWays reports whether the report is of one far end that was checked, and checked back.
func (h Head) isBothWays() bool {
	return len(h.Hosts) == 2 && h.Hosts[0].Run != h.Hosts[1].Run && len(h.RunOf(h.Hosts[0].Run).Options["reverse"]) > 0
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

// ContactGist is equal for hosts whose contacts say the same: nothing, where there are none,
// or why none came about. What a far end told is about its host alone.
func ContactGist(entries []Entry) string {
	gist := ""
	for _, e := range entries {
		if e.Far != nil {
			return e.Host
		}
		for _, c := range e.Contact {
			if c.Failed == "" {
				return e.Host
			}
			gist += string(c.Failed) + c.Note
			for _, r := range c.Refused {
				gist += fmt.Sprintln(r)
			}
		}
	}
	return gist
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
	switch {
	case e.Direction == far.Changed:
		return Exempt, true
	case e.Far.Why == far.AtTheHost || e.SaidBy != "" && e.SaidBy == e.Address:
		return "", false // it is for the firewall of the host itself
	}
	return Allow, lackOf(e) != none
}

// acrossTexts is what both ends saw of a port, as a firewall's administrator needs it.
var acrossTexts = map[far.Direction]string{
	far.NeverArrived: "it never arrived at the far end",
	far.AnswerLost:   "it arrived at the far end, and the answer never came back: the return path must be open, through the same stateful firewall",
	far.Changed:      "it gets through with other bytes than were sent: it must be exempt from inspection",
}
