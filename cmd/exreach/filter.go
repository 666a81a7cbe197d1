// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// A filter narrows a plan to some services. A word is the name of a service,
// its protocol, or its port.
type filter struct {
	only []string // nothing stands for everything
	skip []string
}

// check makes sure that every word stands for something in the plan, or for one
// of the services that others returns, which may take its time.
func (f filter) check(plan []catalog.Check, others func() []catalog.Service) error {
	all := flatten(plan)
	for _, word := range slices.Concat(f.only, f.skip) {
		called := func(s catalog.Service) bool { return isCalled(s, word) }
		planned := slices.ContainsFunc(all, func(c catalog.Check) bool { return called(c.Service) })
		if !planned && !slices.ContainsFunc(others(), called) {
			return unknownService(plan, word)
		}
	}
	return nil
}

// apply returns the checks that are left. RPC interfaces are asked through
// their endpoint mapper, so that stays where one of them does.
func (f filter) apply(plan []catalog.Check) []catalog.Check {
	if len(f.only)+len(f.skip) == 0 {
		return plan
	}
	var left []catalog.Check
	for _, c := range plan {
		if matches(c.Service, f.skip) {
			continue
		}
		whole := f.leaves(c.Service)
		behind := slices.DeleteFunc(slices.Clone(c.Behind), func(b catalog.Check) bool {
			return matches(b.Service, f.skip) || !whole && !f.leaves(b.Service)
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
	return !matches(s, f.skip) && (len(f.only) == 0 || matches(s, f.only))
}

func matches(s catalog.Service, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return isCalled(s, word) })
}

// isCalled reports whether word stands for s.
func isCalled(s catalog.Service, word string) bool {
	return word == s.Name || word == s.Protocol || word == s.Ports.String()
}

// flatten is the plan with the checks behind its checks.
func flatten(plan []catalog.Check) []catalog.Check {
	var all []catalog.Check
	for _, c := range plan {
		all = append(append(all, c), c.Behind...)
	}
	return all
}

// unknownService names the words of the plan that come nearest.
func unknownService(plan []catalog.Check, word string) error {
	var known []string
	for _, c := range flatten(plan) {
		known = append(known, c.Service.Name, c.Service.Protocol, c.Service.Ports.String())
	}
	slices.Sort(known)
	near := catalog.Nearest(word, slices.Compact(known))
	first := plan[0]
	return hinted(
		fmt.Sprintf("nearest: %s; all of them: exreach catalog show %s %s", strings.Join(near[:min(5, len(near))], ", "), first.Version, first.Service.Role),
		"no service, protocol or port of this plan is called %q", word)
}
