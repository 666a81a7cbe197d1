// SPDX-License-Identifier: Apache-2.0

package ends

import (
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
	Why    string `json:"why"` // after a comma or a colon: "because 443/tcp never arrives"
}

// Text is the answer in a sentence.
func (d Deploy) Text() string {
	words := map[Answer]string{Yes: "yes: ", No: "no, ", Uncertain: "not certain, "}
	return "May we deploy: " + words[d.Answer] + d.Why + "."
}

// A Port is what both ends show of a port that is wanted, or that must be closed and is open.
type Port struct {
	Name      string // "443/tcp", with its address if the host has several
	Exposed   bool   // it is reached, and must not be
	Reached   bool   // it answered as it should
	Told      bool   // a far end told what it saw of it
	Direction far.Direction
	Why       far.Reason
	Holder    string // as in Far
}

// mostPorts is how many ports a reason names.
const mostPorts = 6

// faults is why one may not deploy, in the order of a sentence: for one port, and for several.
var faults = []struct {
	is        func(Port) bool
	one, many string
}{
	{went(far.NeverArrived), "%s never arrives", "%s never arrive"},
	{went(far.AnswerLost), "the answer of %s never comes back", "the answers of %s never come back"},
	{went(far.Changed), "%s is changed on the way", "%s are changed on the way"},
	{went(far.AnsweredByOther), "another party answers for %s", "another party answers for %s"},
	{func(p Port) bool { return p.Exposed }, "%s is open and must not be", "%s are open and must not be"},
	{func(p Port) bool { return p.Told && p.Direction == "" && !p.Reached && p.Holder == "" }, "%s arrives and does not answer as it should", "%s arrive and do not answer as they should"},
}

// doubts is why it is not certain, likewise.
var doubts = []struct {
	is        func(Port) bool
	one, many string
}{
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
func (p Port) isFine() bool {
	return !p.Exposed && p.Told && (p.Direction == "" && (p.Reached || p.Holder != "") || p.Holder != "" && p.Reached && p.Direction == far.NoDirection)
}

// Decide answers for a host by its ports. listener is what the host is called at the far end.
// It is nil if no far end told anything.
func Decide(ports []Port, listener string) *Deploy {
	if !slices.ContainsFunc(ports, func(p Port) bool { return p.Told }) {
		return nil
	}
	rest := slices.DeleteFunc(slices.Clone(ports), Port.isFine)
	var no, maybe []string
	take := func(is func(Port) bool, one, many string) string {
		var names []string
		for _, p := range rest {
			if is(p) {
				names = append(names, p.Name)
			}
		}
		rest = slices.DeleteFunc(rest, is)
		switch len(names) {
		case 0:
			return ""
		case 1:
			return fmt.Sprintf(one, names[0])
		}
		return fmt.Sprintf(many, list(names))
	}
	for _, f := range faults {
		no = appendText(no, take(f.is, f.one, f.many))
	}
	for _, d := range doubts {
		maybe = appendText(maybe, take(d.is, d.one, d.many))
	}
	switch {
	case len(no) > 0:
		return &Deploy{No, "because " + sentence(append(no, maybe...))}
	case len(maybe) > 0:
		return &Deploy{Uncertain, "because " + sentence(maybe)}
	}
	return &Deploy{Yes, reached(ports, listener)}
}

// reached says that all ports are fine: "all 17 ports reach far01 and come back unchanged".
func reached(ports []Port, listener string) string {
	var held []string
	for _, p := range ports {
		if p.Holder != "" {
			held = append(held, p.Name)
		}
	}
	text := fmt.Sprintf("all %d ports reach %s and come back unchanged", len(ports), listener)
	if len(ports) == 1 {
		text = fmt.Sprintf("%s reaches %s and comes back unchanged", ports[0].Name, listener)
	}
	if len(held) > 0 {
		text += fmt.Sprintf("; other programs there have %s", list(held))
	}
	return text
}

func appendText(texts []string, text string) []string {
	if text == "" {
		return texts
	}
	return append(texts, text)
}

// list writes names with commas, at most so many.
func list(names []string) string {
	if more := len(names) - mostPorts; more > 0 {
		return strings.Join(names[:mostPorts], ", ") + " and " + catalog.Count(more, "more port")
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
