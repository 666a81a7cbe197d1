// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
)

// Narrow leaves the services of one role, and of those the ones that somebody
// wants, with the ground rules that are about both. An empty word leaves all.
func (v Version) Narrow(role, from string) (Version, error) {
	if role != "" {
		r, err := v.Role(role)
		if err != nil {
			return v, err
		}
		v.Roles = []Role{r}
		v.Services = slices.DeleteFunc(slices.Clone(v.Services), func(s Service) bool { return s.Role != role })
	}
	if from != "" {
		var err error
		if v, err = v.narrowTo(role, from); err != nil {
			return v, err
		}
	}
	v.Ground = slices.DeleteFunc(slices.Clone(v.Ground), func(rule GroundRule) bool {
		concerned := slices.ContainsFunc(v.Roles, func(r Role) bool { return slices.Contains(rule.Roles, r.Name) })
		return !concerned || from != "" && !slices.Contains(rule.From, from)
	})
	return v, nil
}

// narrowTo leaves the services that a from wants, and what is for it.
func (v Version) narrowTo(role, from string) (Version, error) {
	var known []string
	for _, f := range Froms {
		known = append(known, f.Name)
	}
	if !slices.Contains(known, from) {
		return v, &WordError{Kind: "from", Word: from, Accepted: known}
	}
	all := v.Services
	v.Services = slices.DeleteFunc(slices.Clone(all), func(s Service) bool { return s.Wants[from] == "" })
	if len(v.Services) == 0 {
		only := slices.DeleteFunc(known, func(f string) bool {
			return !slices.ContainsFunc(all, func(s Service) bool { return s.Wants[f] != "" })
		})
		return v, &NothingError{Place: Place{Version: v.Name, Role: role}, From: from, Only: only}
	}
	v.Roles = slices.DeleteFunc(slices.Clone(v.Roles), func(r Role) bool {
		return !slices.ContainsFunc(v.Services, func(s Service) bool { return s.Role == r.Name })
	})
	for i, s := range v.Services {
		v.Services[i].Wants = map[string]Want{from: s.Wants[from]}
		if s.Wants[from] != Forbidden {
			v.Services[i].Exposure = "" // is about others
		}
	}
	return v, nil
}
