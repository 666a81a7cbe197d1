// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// A filter narrows a plan to the services that --only and --skip leave.
// catalog.Service.IsMeant says what their words mean.
type filter struct {
	only []string // none means everything
	skip []string
}

// unknown finds the first word that means no service of the plan, and none that others
// returns. others is slow, so unknown calls it only if it must.
func (f filter) unknown(plan []catalog.Check, others func() []catalog.Service) (word string, found bool) {
	planned := flatten(plan)
	for _, word := range slices.Concat(f.only, f.skip) {
		called := func(s catalog.Service) bool { return s.IsMeant(word) }
		if !slices.ContainsFunc(planned, func(c catalog.Check) bool { return called(c.Service) }) && !slices.ContainsFunc(others(), called) {
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
	return slices.ContainsFunc(words, func(word string) bool { return s.IsMeant(word) })
}

// A sample is checks of different services. The plans of all hosts together may have a
// million checks of a few dozen.
type sample struct {
	checks []catalog.Check // without those behind them, which are in the sample, too
	known  map[sampled]bool
}

type sampled struct {
	version, role, name string
	network             catalog.Network
	ports               catalog.Ports
}

func (s *sample) add(plan []catalog.Check) {
	if s.known == nil {
		s.known = map[sampled]bool{}
	}
	for _, c := range plan {
		behind := c.Behind
		is := sampled{c.Version, c.Service.Role, c.Service.Name, c.Service.Network, c.Service.Ports}
		if !s.known[is] {
			s.known[is], c.Behind = true, nil
			s.checks = append(s.checks, c)
		}
		s.add(behind)
	}
}

// flatten is the plan with the checks behind its checks.
func flatten(plan []catalog.Check) []catalog.Check {
	all := make([]catalog.Check, 0, len(plan))
	for _, c := range plan {
		all = append(append(all, c), c.Behind...)
	}
	return all
}

// narrow leaves what the user wants to see of the plan of one host. Unless the user named
// what to check, it adds the host's control (catalog.WithControls).
func (p *planner) narrow(t target, plan []catalog.Check) []catalog.Check {
	plan = p.filter.apply(plan)
	if len(p.filter.only) > 0 || t.isPorts() {
		return plan
	}
	return catalog.WithControls(plan)
}

// nothingLeft says that --only and --skip leave nothing of any host. If the first word of
// --only is for other clients, it says for which.
func (p *planner) nothingLeft() error {
	hint := ""
	if len(p.filter.only) > 0 {
		hint = p.elsewhere(p.lacking, p.filter.only[0])
	}
	return mistake(cmp.Or(hint, "remove a word from --only or --skip"), "nothing is left to check")
}

// unknownService says what to write instead of a word of --only or --skip that means
// nothing in the plan.
func (p *planner) unknownService(plan []catalog.Check, word string) error {
	if err := noPort(word); err != nil {
		option := "--skip"
		if slices.Contains(p.filter.only, word) {
			option = "--only"
		}
		return mistake(fmt.Sprintf("such as %[1]s 443 or %[1]s 1-1024", option), "option %s: %w", option, err)
	}
	hint := cmp.Or(otherWord(word), p.elsewhere(plan[0], word))
	_, _, isPort := catalog.ParsePortRange(word)
	if hint == "" && isPort && !strings.Contains(word, "-") && slices.Contains(p.filter.only, word) {
		hint = "--port checks any port: --port " + catalog.Shown(word)
	}
	if hint == "" {
		hint = nearestService(plan, word)
	}
	if isPort && strings.Contains(word, "-") {
		return mistake(hint, "no port of this plan is in the range %s", catalog.Shown(word))
	}
	return mistake(hint, "no service, protocol or port of this plan is called %q", catalog.Shown(word))
}

// noPort says why a number, or a range of them, names no port: "0", "70000/tcp", "1-70000".
// It is nil for all other words, too.
func noPort(word string) error {
	numbers, _, _ := strings.Cut(word, "/")
	first, last, ranged := strings.Cut(numbers, "-")
	if !ranged {
		last = first
	}
	if first == "" || last == "" || strings.Trim(first+last, "0123456789") != "" {
		return nil
	}
	_, low := catalog.ParsePort(first)
	_, high := catalog.ParsePort(last)
	return cmp.Or(low, high)
}

// otherWord returns the hint for a word that other tools take, or that is a range the wrong
// way round; "" if it is neither.
func otherWord(word string) string {
	first, last, _ := strings.Cut(word, "-")
	_, _, turned := catalog.ParsePortRange(last + "-" + first)
	switch {
	case strings.ContainsAny(word, " \t;"):
		return "separate the words with commas: --only " + catalog.Shown(strings.Join(strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(" \t;", r) }), ","))
	case turned && first != last:
		return fmt.Sprintf("a range begins with its lower port: --only %s", catalog.Shown(last+"-"+first))
	}
	return ""
}

// elsewhere returns the hint for a service that the role has but the plan has not, because
// it cannot be tested, or is only for other clients; "" if word means no such service.
func (p *planner) elsewhere(first catalog.Check, word string) string {
	v, err := p.cat.Version(first.Version)
	if err != nil {
		return ""
	}
	wanted := map[string]bool{}
	for _, s := range v.Services {
		if s.Role != first.Service.Role || !s.IsMeant(word) {
			continue
		}
		switch {
		case s.Unasked != "":
			return fmt.Sprintf("%s cannot be tested remotely: %s", s.Name, s.Unasked)
		case s.Wants[first.From] != "":
			return "" // --skip leaves it out
		}
		for from, want := range s.Wants {
			wanted[from] = wanted[from] || want != catalog.Forbidden
		}
	}
	var froms []string
	for _, f := range catalog.Froms {
		if wanted[f.Name] {
			froms = append(froms, f.Name)
		}
	}
	if froms == nil {
		return ""
	}
	return fmt.Sprintf("%s has it, but not for %s: %s is for %s; try --from %s", v.Title, first.From, catalog.Shown(word), strings.Join(froms, ", "), froms[0])
}

// nearestService names the words of the plan that come nearest.
func nearestService(plan []catalog.Check, word string) string {
	var known []string
	for _, c := range flatten(plan) {
		known = append(known, c.Service.Name, c.Service.Protocol, c.Service.Ports.String())
	}
	slices.Sort(known)
	near := catalog.Nearest(word, slices.Compact(known))
	hint := "nearest: " + strings.Join(near[:min(5, len(near))], ", ")
	if first := plan[0]; first.Version != "" {
		hint += fmt.Sprintf("; all of them: exreach catalog show %s %s", first.Version, first.Service.Role)
	}
	return hint
}
