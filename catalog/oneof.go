// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
)

// Companions returns the services of which one is enough for from, s among them.
// It returns nil if s has no alternative.
func (v Version) Companions(s Service, from string) []Service {
	if s.OneOf == "" || !s.isChoice(from) {
		return nil
	}
	group := slices.DeleteFunc(v.servicesOf(s.Role), func(o Service) bool { return o.OneOf != s.OneOf || !o.isChoice(from) })
	if len(group) < 2 {
		return nil
	}
	return group
}

// isChoice reports whether from may use s. It may not use what it must not
// reach.
func (s Service) isChoice(from string) bool {
	return s.Wants[from] != "" && s.Wants[from] != Forbidden
}

// checkOneOf makes sure that the group of s offers some client an alternative to s.
func (v Version) checkOneOf(s Service) error {
	if s.OneOf == "" {
		return nil
	}
	for from := range s.Wants {
		if v.Companions(s, from) != nil {
			return nil
		}
	}
	return fmt.Errorf("service %q is one_of %s, but no other service of role %q is in that group for the same clients: give a second one the same one_of",
		s.Name, s.OneOf, s.Role)
}
