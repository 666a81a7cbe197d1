// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
)

// narrow leaves the services of one role, and of those the ones that somebody
// wants, with the ground rules that are about both. An empty word leaves all.
func narrow(v catalog.Version, role, from string) (catalog.Version, error) {
	if role != "" {
		r, err := v.Role(role)
		if err != nil {
			return v, err
		}
		v.Roles = []catalog.Role{r}
		v.Services = slices.DeleteFunc(slices.Clone(v.Services), func(s catalog.Service) bool { return s.Role != role })
	}
	if from != "" {
		var err error
		if v, err = narrowTo(v, role, from); err != nil {
			return v, err
		}
	}
	v.Ground = slices.DeleteFunc(slices.Clone(v.Ground), func(rule catalog.GroundRule) bool {
		concerned := slices.ContainsFunc(v.Roles, func(r catalog.Role) bool { return slices.Contains(rule.Roles, r.Name) })
		return !concerned || from != "" && !slices.Contains(rule.From, from)
	})
	return v, nil
}

// narrowTo leaves the services that a from wants, and what is for it.
func narrowTo(v catalog.Version, role, from string) (catalog.Version, error) {
	var known []string
	for _, f := range catalog.Froms {
		known = append(known, f.Name)
	}
	if !slices.Contains(known, from) {
		return v, &catalog.WordError{Kind: "from", Word: from, Accepted: known}
	}
	all := v.Services
	v.Services = slices.DeleteFunc(slices.Clone(all), func(s catalog.Service) bool { return s.Wants[from] == "" })
	if len(v.Services) == 0 {
		only := slices.DeleteFunc(known, func(f string) bool {
			return !slices.ContainsFunc(all, func(s catalog.Service) bool { return s.Wants[f] != "" })
		})
		return v, &catalog.NothingError{Place: catalog.Place{Version: v.Name, Role: role}, From: from, Only: only}
	}
	v.Roles = slices.DeleteFunc(slices.Clone(v.Roles), func(r catalog.Role) bool {
		return !slices.ContainsFunc(v.Services, func(s catalog.Service) bool { return s.Role == r.Name })
	})
	for i, s := range v.Services {
		v.Services[i].Wants = map[string]catalog.Want{from: s.Wants[from]}
		if s.Wants[from] != catalog.Forbidden {
			v.Services[i].Exposure = "" // is about others
		}
	}
	return v, nil
}

// pointed adds where somebody does have services to an error that says that they
// have none at one place.
func pointed(cat *catalog.Catalog, err error) error {
	var nothing *catalog.NothingError
	if !errors.As(err, &nothing) {
		return err
	}
	const asServer = "mailbox" // domain controllers and the like are there for servers
	if slices.Contains(catalog.SupportRoles, nothing.Role) && slices.Contains(nothing.Only, asServer) {
		return hinted("to check it as an Exchange server sees it: --from "+asServer, "%w", err)
	}
	places, placesErr := cat.Places(nothing.From)
	if placesErr != nil || len(places) == 0 {
		return err
	}
	return hinted(hintTo(places, nothing), "%w", err)
}

// hintTo names the place that was most likely meant: the only one, or the one of
// the same role in the newest version that has it.
func hintTo(places []catalog.Place, nothing *catalog.NothingError) string {
	var versions []string
	for _, p := range places {
		if !slices.Contains(versions, p.Version) {
			versions = append(versions, p.Version)
		}
	}
	same := slices.IndexFunc(places, func(p catalog.Place) bool { return p.Role == nothing.Role })
	place := ""
	switch {
	case len(places) == 1:
		place = places[0].Version + " " + places[0].Role
	case len(versions) == 1:
		place = versions[0]
	case same >= 0:
		place = places[same].Version + " " + nothing.Role
	default:
		return fmt.Sprintf("the versions that have something for %s: %s", nothing.From, strings.Join(versions, ", "))
	}
	return fmt.Sprintf("exreach catalog show %s --from %s shows what %[2]s connects to", place, nothing.From)
}
