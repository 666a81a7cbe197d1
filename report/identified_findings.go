// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
)

// A hostRule is one kind of finding about a host as a whole, from what it was identified
// as. It stands at the first entry of the host.
type hostRule struct {
	code  string
	grade Grade
	when  func(Identified) bool
	say   func(Identified) (text, hint string)
}

var hostRules = []hostRule{
	{"versions-contradict", note, func(id Identified) bool { return id.Contradictory }, sayVersionsContradict},
	{"no-role-fits", Warn, func(id Identified) bool { return id.Unfit }, sayNoRoleFits},
}

// identify puts what is known of the host as a whole at one of its entries.
func (e *Entry) identify(id *Identified) {
	if id == nil {
		return
	}
	e.Identified = id
	for _, r := range hostRules {
		if r.when(*id) {
			text, hint := r.say(*id)
			e.Findings = append(e.Findings, Finding{Code: r.code, Text: text, Hint: hint})
			e.Grade = worse(e.Grade, r.grade)
		}
	}
}

func sayVersionsContradict(id Identified) (text, hint string) {
	const most = 6 // a sentence that can be read
	var said []string
	signs := id.Conflict()
	for _, s := range signs[:min(len(signs), most)] {
		said = append(said, fmt.Sprintf("%s on port %d means %s", s.Said, s.Port, either(s.Versions)))
	}
	if more := len(signs) - len(said); more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("The answers of this host do not fit one version: %s. Either a gateway of another version stands in front of the server, or several servers share the name.", strings.Join(said, "; ")),
		"Check each server by its own name, and give its version with --version."
}

func sayNoRoleFits(id Identified) (text, hint string) {
	what := "What answers here"
	if ports := id.answering(); ports != nil {
		what += " (" + strings.Join(ports, ", ") + ")"
	}
	return what + " belongs to no role that such a host usually has. It was checked in its usual role all the same.",
		"If the ports were changed, put them into a catalogue of your own (--catalog). If the host has another role, name it with --role."
}

// answering is the ports whose answers told something, each with its product.
func (id Identified) answering() []string {
	var ports []string
	told := map[uint16]bool{}
	for _, s := range id.Signs {
		if !told[s.Port] {
			told[s.Port] = true
			ports = append(ports, strings.TrimSpace(fmt.Sprintf("%d %s", s.Port, s.Product)))
		}
	}
	return ports
}
