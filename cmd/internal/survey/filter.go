// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// A filter narrows a plan to the services that --only and --skip leave. Each of their
// words is the name of a service, its protocol, or its port.
type filter struct {
	only []string // none means everything
	skip []string
}

// unknown finds the first word that means no service of the plan, and none that others
// returns. others is slow, so unknown calls it only if it must.
func (f filter) unknown(plan []catalog.Check, others func() []catalog.Service) (word string, found bool) {
	planned := map[string]bool{}
	for _, c := range flatten(plan) {
		for _, name := range namesOf(c.Service) {
			planned[name] = true
		}
	}
	for _, word := range slices.Concat(f.only, f.skip) {
		called := func(s catalog.Service) bool { return matches(s, word) }
		if !planned[word] && (otherWord(word) != "" || !slices.ContainsFunc(others(), called)) {
			return word, true
		}
	}
	return "", false
}

// apply returns the checks that the filter leaves. RPC interfaces are asked through their
// endpoint mapper: apply keeps it for any that is left, and without it leaves none.
func (f filter) apply(plan []catalog.Check) []catalog.Check {
	if len(f.only)+len(f.skip) == 0 {
		return plan
	}
	var left []catalog.Check
	for _, c := range plan {
		if matches(c.Service, f.skip...) {
			continue
		}
		whole := f.leaves(c.Service)
		behind := slices.DeleteFunc(slices.Clone(c.Behind), func(b catalog.Check) bool {
			return matches(b.Service, f.skip...) || !whole && !f.leaves(b.Service)
		})
		if whole || len(behind) > 0 {
			c.Behind = behind
			left = append(left, c)
		}
	}
	return left
}

// leaves reports whether a check of s by itself is left.
func (f filter) leaves(s catalog.Service) bool {
	return !matches(s, f.skip...) && (len(f.only) == 0 || matches(s, f.only...))
}

// matches reports whether one of the words means s.
func matches(s catalog.Service, words ...string) bool {
	names := namesOf(s)
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(names, word) })
}

// namesOf is the words that mean s: its name, its protocol, and its port as a number and
// as the report has it.
func namesOf(s catalog.Service) []string {
	return []string{s.Name, s.Protocol, s.Ports.String(), s.Location()}
}

// flatten is the plan with the checks behind its checks.
func flatten(plan []catalog.Check) []catalog.Check {
	var all []catalog.Check
	for _, c := range plan {
		all = append(append(all, c), c.Behind...)
	}
	return all
}

// unknownService says what to write instead of a word of --only or --skip that means
// nothing in the plan.
func (p *planner) unknownService(plan []catalog.Check, word string) error {
	hint := otherWord(word)
	if hint == "" {
		hint = p.elsewhere(plan[0], word)
	}
	if hint == "" {
		hint = nearestService(plan, word)
	}
	return mistake(hint, "no service, protocol or port of this plan is called %q", word)
}

// otherWord returns the hint for a word that other tools take; "" if it knows no such tool.
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

// elsewhere returns the hint for a service that the role has but the plan has not, because
// it cannot be tested, or only another from wants it; "" if word means no such service.
func (p *planner) elsewhere(first catalog.Check, word string) string {
	v, err := p.cat.Version(first.Version)
	if err != nil {
		return ""
	}
	for _, s := range v.Services {
		switch {
		case s.Role != first.Service.Role || !matches(s, word):
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
