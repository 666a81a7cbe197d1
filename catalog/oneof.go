// SPDX-License-Identifier: Apache-2.0

package catalog

import "fmt"

// Companions are the services of which one is enough for from, s among them: nil
// where s is in no group.
func (v Version) Companions(s Service, from string) []Service {
	if s.OneOf == "" || !s.isChoice(from) {
		return nil
	}
	var group []Service
	for _, o := range v.servicesOf(s.Role) {
		if o.OneOf == s.OneOf && o.isChoice(from) {
			group = append(group, o)
		}
	}
	if len(group) < 2 {
		return nil
	}
	return group
}

// isChoice reports whether s is a service that from may use. What it must not
// reach is not.
func (s Service) isChoice(from string) bool {
	return s.Wants[from] != "" && s.Wants[from] != Forbidden
}

// checkOneOf makes sure that the group of s offers an alternative to it.
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
