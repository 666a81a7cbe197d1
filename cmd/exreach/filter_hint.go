// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// unknownService says what to write in place of a word of --only or --skip that
// stands for nothing in the plan.
func (p *planner) unknownService(plan []catalog.Check, word string) error {
	hint := otherWord(word)
	if hint == "" {
		hint = p.elsewhere(plan[0], word)
	}
	if hint == "" {
		hint = nearestService(plan, word)
	}
	return hinted(hint, "no service, protocol or port of this plan is called %q", word)
}

// otherWord is the hint for words as other tools take them.
func otherWord(word string) string {
	switch {
	case word == "https":
		return "the protocol is called http, with and without TLS: --only http, or --only 443"
	case strings.ContainsAny(word, " \t;"):
		return "separate the words with commas: --only " + strings.Join(strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(" \t;", r) }), ",")
	case strings.Contains(word, "-") && strings.Trim(word, "0123456789-") == "":
		return "ranges are not supported; name the ports one by one: --only 25,443"
	}
	return ""
}

// elsewhere is the hint for a service of the role that is not in the plan: it
// cannot be tested, or is for somebody else.
func (p *planner) elsewhere(first catalog.Check, word string) string {
	v, err := p.cat.Version(first.Version)
	if err != nil {
		return ""
	}
	for _, s := range v.Services {
		switch {
		case s.Role != first.Service.Role || !isCalled(s, word):
		case s.Unasked != "":
			return fmt.Sprintf("%s cannot be tested remotely: %s", s.Name, s.Unasked)
		case s.Wants[first.From] == "":
			return fmt.Sprintf("%s has it, but not for %s: see exreach catalog show %s %s", v.Title, first.From, first.Version, s.Role)
		}
	}
	return ""
}

// nearestService names the words of the plan that come nearest.
func nearestService(plan []catalog.Check, word string) string {
	var known []string
	for _, c := range flatten(plan) {
		known = append(known, c.Service.Name, c.Service.Protocol, c.Service.Ports.String())
	}
	slices.Sort(known)
	near := catalog.Nearest(word, slices.Compact(known))
	first := plan[0]
	return fmt.Sprintf("nearest: %s; all of them: exreach catalog show %s %s", strings.Join(near[:min(5, len(near))], ", "), first.Version, first.Service.Role)
}
