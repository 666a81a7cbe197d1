// SPDX-License-Identifier: Apache-2.0

package ends

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/far"
)

// An Answer is whether one may deploy at a host, as far as its ports decide that.
type Answer string

// The answers.
const (
	Yes       Answer = "yes"
	No        Answer = "no"
	Uncertain Answer = "not-certain"
)

// A Deploy is the answer for a host.
type Deploy struct {
	Answer Answer `json:"answer"`
	Why    string `json:"why"` // after a comma: "because 443/tcp never arrives"
}

// AnswerWords is how a sentence calls each answer.
var AnswerWords = map[Answer]string{Yes: "yes", No: "no", Uncertain: "not certain"}

// Text is the answer in a sentence. as is whom the check connected as, "" if that is not
// known.
func (d Deploy) Text(as string) string {
	if as != "" {
		as = " (checked as " + as + ")"
	}
	return "May we deploy: " + AnswerWords[d.Answer] + ", " + d.Why + as + "."
}

// A Link is what both ends show of a host, as far as that decides whether one may deploy.
type Link struct {
	Ports    []Port
	Listener string    // what the far end is called
	Contacts []Contact // with the listeners of the host
}

// A Port is what both ends show of a port that is wanted, or that must be closed and is open.
type Port struct {
	Name      string // "443/tcp", with its address if the host has several
	Exposed   bool   // it is reached, and must not be
	Needed    bool   // what is wrong with it concerns more than optional services
	Reached   bool   // it answered as it should
	Told      bool   // a far end told what it saw of it
	Direction far.Direction
	Why       far.Reason
	Holder    string // as in Far
}

// mostPorts is how many ports a reason names.
const mostPorts = 6

// faults is why one may not deploy, in the order of a sentence: for one port, and for several.
var faults = []reason{
	{went(far.NeverArrived), "%s never arrives", "%s never arrive"},
	{went(far.AnswerLost), "the answer of %s never comes back", "the answers of %s never come back"},
	{went(far.Changed), "%s is changed on the way", "%s are changed on the way"},
	{went(far.AnsweredByOther), "another party answers for %s", "another party answers for %s"},
	{func(p Port) bool { return p.Exposed }, "%s is open and must not be", "%s are open and must not be"},
	{func(p Port) bool { return p.Told && p.Direction == "" && !p.Reached && p.Holder == "" }, "%s arrives and does not answer as it should", "%s arrive and do not answer as they should"},
}

// doubts is why it is not certain, likewise.
var doubts = []reason{
	{unknown(far.NotOpen), "the listener does not have %s open", "the listener does not have %s open"},
	{unknown(far.OtherProgram), "another program has %s there", "other programs have %s there"},
	{unknown(far.TurnedAway), "the listener turned %s away", "the listener turned %s away"},
	{func(p Port) bool { return !p.Exposed }, "what arrives at %s is not known", "what arrives at %s is not known"},
}

func went(d far.Direction) func(Port) bool {
	return func(p Port) bool { return p.Told && p.Direction == d }
}

func unknown(why far.Reason) func(Port) bool {
	return func(p Port) bool { return went(far.NoDirection)(p) && p.Why == why }
}

// isFine reports whether nothing is wrong with a port, as far as both ends show.
func (p Port) isFine() bool { return !p.Exposed && p.Told && Agree(p.Direction, p.Holder, p.Reached) }

// Agree reports whether both ends show that a port is reached: its bytes came unchanged, or
// another program has it there and answered.
func Agree(d far.Direction, holder string, reached bool) bool {
	if d == "" {
		return reached || holder != ""
	}
	return d == far.NoDirection && reached && holder != ""
}

// Decide answers for a host by what both ends show. It is nil if no far end told anything,
// and none was looked for.
func Decide(l Link) *Deploy {
	missed := l.missed()
	if !slices.ContainsFunc(l.Ports, func(p Port) bool { return p.Told }) {
		if len(missed) == 0 {
			return nil
		}
		return &Deploy{Uncertain, "because " + sentence(missed)}
	}
	needed, optional := split(l.Ports)
	no, rest := reasons(faults, needed)
	maybe, _ := reasons(doubts, rest)
	maybe = append(maybe, missed...)
	but, rest := reasons(faults, optional)
	unsure, _ := reasons(doubts, rest)
	aside := ""
	if but = append(but, unsure...); len(but) > 0 {
		aside = "; optional: " + sentence(but)
	}
	switch {
	case len(no) > 0:
		return &Deploy{No, "because " + sentence(append(no, maybe...)) + aside}
	case len(maybe) > 0:
		return &Deploy{Uncertain, "because " + sentence(maybe) + aside}
	case len(but) > 0:
		return &Deploy{Yes, "but for optional services: " + sentence(but) + "; " + l.reached()}
	}
	return &Deploy{Yes, l.reached()}
}

// split parts the ports with which something is wrong: those that are needed, and those of
// optional services.
func split(ports []Port) (needed, optional []Port) {
	for _, p := range ports {
		switch {
		case p.isFine():
		case p.Needed:
			needed = append(needed, p)
		default:
			optional = append(optional, p)
		}
	}
	return needed, optional
}

// A reason is what may be wrong with ports, as a clause for one and for several.
type reason struct {
	is        func(Port) bool
	one, many string
}

// reasons writes a clause for each reason that holds for some ports, and returns the others.
func reasons(of []reason, ports []Port) (texts []string, rest []Port) {
	rest = ports
	for _, r := range of {
		var names []string
		for _, p := range rest {
			if r.is(p) {
				names = append(names, p.Name)
			}
		}
		rest = slices.DeleteFunc(slices.Clone(rest), r.is)
		switch len(names) {
		case 0:
		case 1:
			texts = append(texts, fmt.Sprintf(r.one, names[0]))
		default:
			texts = append(texts, fmt.Sprintf(r.many, list(names, "more port")))
		}
	}
	return texts, rest
}

// A lack is what was not learned from a far end, in two parts: its address stands between them.
type lack struct{ what, why string }

// missed is what was to be learned from the far ends and was not: one clause for all that
// failed alike. Where there is one far end, it needs no address.
func (l Link) missed() []string {
	var lacks []lack
	at := map[lack][]string{}
	for _, c := range l.Contacts {
		var is lack
		switch {
		case c.Failed != "":
			is = lack{"there is no contact with the listener", ": " + cmp.Or(missing[c.Failed], "it failed")}
		case c.Back != "":
			is = lack{"the way back", " was not checked: " + strings.TrimRight(c.Back, ". ")}
		default:
			continue
		}
		if at[is] == nil {
			lacks = append(lacks, is)
		}
		at[is] = append(at[is], c.Address)
	}
	var texts []string
	for _, is := range lacks[:min(len(lacks), mostPorts)] {
		place := ""
		if len(l.Contacts) > 1 {
			place = " at " + list(at[is], "more address")
		}
		texts = append(texts, is.what+place+is.why)
	}
	return texts
}

// missing is why there is no contact, as a clause.
var missing = map[far.ContactFailure]string{
	far.NoCode: "no code was given", far.WrongCode: "the code is not that of this listener", far.OtherVersion: "it is another version of exreach",
	far.NoWay: "no port lets TLS through", far.Broken: "it ended before its time",
}

// reached says that ports are fine: "17 of 17 ports that were checked (address, transport and
// number) reach far01, and the bytes are unchanged".
func (l Link) reached() string {
	var fine, held []string
	for _, p := range l.Ports {
		if p.isFine() {
			fine = append(fine, p.Name)
		}
		if p.Holder != "" {
			held = append(held, p.Name)
		}
	}
	text := ""
	switch {
	case len(fine) == 0:
		text = "no port was reached"
	case len(l.Ports) == 1:
		text = fmt.Sprintf("%s reaches %s, and the bytes are unchanged", fine[0], l.Listener)
	case len(fine) == len(l.Ports):
		text = fmt.Sprintf("all %d ports reach %s, and the bytes are unchanged", len(fine), l.Listener)
	default:
		text = fmt.Sprintf("%s of %d reach %s, and the bytes are unchanged", catalog.Count(len(fine), "port"), len(l.Ports), l.Listener)
	}
	if len(held) > 0 {
		text += fmt.Sprintf("; other programs there have %s", list(held, "more port"))
	}
	return text
}

// list writes names with commas, at most so many, and counts the rest by what one of it is
// called.
func list(names []string, rest string) string {
	if more := len(names) - mostPorts; more > 0 {
		return strings.Join(names[:mostPorts], ", ") + " and " + catalog.Count(more, rest)
	}
	return sentence(names)
}

// sentence joins clauses: "a, b and c".
func sentence(clauses []string) string {
	last := len(clauses) - 1
	if last < 1 {
		return strings.Join(clauses, "")
	}
	return strings.Join(clauses[:last], ", ") + " and " + clauses[last]
}
