// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// A Fit is a role that exreach assumes of a host, and the answers that show it. Package
// survey decides by fits in which roles to check a host.
type Fit struct {
	Role    string
	Answers []Check // none if the role was given, or is only usual
}

// Fits returns the roles of v whose services answered when from asked. It takes the role
// that explains the most answers, then the one that explains the most of the rest, and so
// on. If no role explains any, it returns the usual ones.
func (v Version) Fits(from string, answered []Check) []Fit {
	var fits []Fit
	for rest := answered; ; {
		best := Fit{}
		for _, r := range v.autoRoles(from) {
			if explained := v.explains(r.Name, from, rest); len(explained) > len(best.Answers) {
				best = Fit{r.Name, explained}
			}
		}
		if best.Role == "" {
			break
		}
		fits = append(fits, best)
		rest = slices.DeleteFunc(slices.Clone(rest), func(c Check) bool {
			return slices.ContainsFunc(best.Answers, func(a Check) bool { return sameService(a.Service, c.Service) })
		})
	}
	if fits != nil {
		return fits
	}
	for _, r := range v.autoRoles(from) {
		if r.Auto == Usual {
			fits = append(fits, Fit{Role: r.Name})
		}
	}
	return fits
}

// autoRoles returns the roles that exreach may assume of a host and that have services
// for from.
func (v Version) autoRoles(from string) []Role {
	return slices.DeleteFunc(slices.Clone(v.Roles), func(r Role) bool {
		return r.Auto == "" || !v.Asks(r.Name, from)
	})
}

// Fit returns the one fit of a role that a sign of the host has shown. It returns nil if
// the role explains none of the answers that from should find.
func (v Version) Fit(role, from string, answered []Check) []Fit {
	if explained := v.explains(role, from, answered); len(explained) > 0 {
		return []Fit{{role, explained}}
	}
	return nil
}

// Untold returns the first service that from requires of a Mailbox server and that the
// plan leaves out, in a version whose answers do not show whether a host has that role. It
// returns "" if the plan leaves none out, and for all other versions.
func (v Version) Untold(plan []Check, from string) (service string) {
	r, err := v.Role(DefaultRole)
	if err != nil || r.Auto != "" {
		return ""
	}
	for _, s := range v.servicesOf(r.Name) {
		planned := slices.ContainsFunc(plan, func(c Check) bool { return c.Service.Role == r.Name || sameService(c.Service, s) })
		if !planned && s.Unasked == "" && s.Wants[from] == Required {
			return s.Name
		}
	}
	return ""
}

// Asks reports whether a host in the role has any services for from to check.
func (v Version) Asks(role, from string) bool {
	return slices.ContainsFunc(v.Services, func(s Service) bool { return s.Role == role && s.asked(from) })
}

// asked reports whether a check of s is ever planned for from.
func (s Service) asked(from string) bool { return s.Unasked == "" && s.Wants[from] != "" }

// explains returns the answers that from should find at a host of the role.
func (v Version) explains(role, from string, answered []Check) []Check {
	services := v.servicesOf(role)
	return slices.DeleteFunc(slices.Clone(answered), func(c Check) bool {
		return !slices.ContainsFunc(services, func(s Service) bool {
			return s.asked(from) && s.Wants[from] != Forbidden && sameService(s, c.Service)
		})
	})
}

// Listens reports whether the answer came from a port of one of the roles that exreach may
// assume of a host, whichever client the port is for.
func (v Version) Listens(answer Check) bool {
	return slices.ContainsFunc(v.Services, func(s Service) bool {
		auto := slices.ContainsFunc(v.Roles, func(r Role) bool { return r.Name == s.Role && r.Auto != "" })
		return auto && s.Unasked == "" && sameService(s, answer.Service)
	})
}

// sameService reports whether two rows share a network, a port and a page.
func sameService(a, b Service) bool {
	return a.Network == b.Network && a.Ports == b.Ports && strings.EqualFold(a.Page(), b.Page())
}

// AutoRole returns the only role that exreach may assume of a host and that has services
// for from. It returns "" if there is none, or if answers must show which of several it is.
func (v Version) AutoRole(from string) string {
	if roles := v.autoRoles(from); len(roles) == 1 {
		return roles[0].Name
	}
	return ""
}

// usualRole returns the role of a host when nothing more is known: the version's only one,
// or a usual one, or else a proved one; of several, DefaultRole or else the first. It
// returns "" if the version has none of these.
func (v Version) usualRole() string {
	if len(v.Roles) == 1 {
		return v.Roles[0].Name
	}
	for _, taken := range []Taken{Usual, Proved} {
		of := slices.DeleteFunc(slices.Clone(v.Roles), func(r Role) bool { return r.Auto != taken })
		switch {
		case len(of) == 0:
		case slices.ContainsFunc(of, func(r Role) bool { return r.Name == DefaultRole }):
			return DefaultRole
		default:
			return of[0].Name
		}
	}
	return ""
}

// likeRoles lists, for each role, those that do the same in other versions, the most
// similar first.
var likeRoles = map[string][]string{
	"mailbox":       {"back-end", "server", "gateway", "outlook", "client-access"},
	"client-access": {"mailbox", "front-end", "back-end", "server", "gateway", "outlook"},
	"hub":           {"mailbox", "client-access", "back-end", "server", "mail-exchanger", "gateway"},
	"edge":          {"back-end", "server", "mail-exchanger"},
	"um":            {"mailbox"},
	"front-end":     {"client-access", "mailbox", "server", "outlook"},
	"back-end":      {"mailbox", "server", "outlook"},
	"server":        {"back-end", "mailbox"},
	"gateway":       {"client-access", "mailbox", "back-end", "server"},
	"outlook":       {"client-access", "mailbox", "back-end", "server"},
	"submission":    {"hub", "mailbox", "client-access", "back-end", "server"},

	"mail-exchanger": {"hub", "mailbox", "client-access", "back-end", "server"},
}

// RoleLike returns the role of v that does for from what role does in another version:
// role itself, or else the most similar one. It returns "" if none has services for from.
func (v Version) RoleLike(role, from string) string {
	if role == "um" {
		from = "um-gateway" // clients do not connect to Unified Messaging
	}
	return firstLike(role, func(name string) bool { return v.Asks(name, from) })
}

// RoleOf returns the role of v to check a host in that has role, a word of any version:
// RoleLike, or else the most similar role that v has, even if it has no services for from.
// In 2019, a server for Unified Messaging is a mailbox. RoleOf returns "" if v has none.
func (v Version) RoleOf(role, from string) string {
	return cmp.Or(v.RoleLike(role, from), firstLike(role, func(name string) bool {
		_, err := v.Role(name)
		return err == nil
	}))
}

// firstLike returns the first that fits of role and likeRoles, "" if none does.
func firstLike(role string, fits func(name string) bool) string {
	like := append([]string{role}, likeRoles[role]...)
	if i := slices.IndexFunc(like, fits); i >= 0 {
		return like[i]
	}
	return ""
}

// ended is the first version of Exchange Server without a role that older ones have, whose
// work another role then does (RoleLike).
var ended = map[string]string{"front-end": "2007", "back-end": "2007", "hub": "2013", "um": "2013", "client-access": "2016"}

// Ended returns the version since which another role of v does what role did, in older
// versions of Exchange Server: 2013 for hub in 2019. It returns "" if there is none.
func (c *Catalog) Ended(role string, v Version) string {
	if since := ended[role]; since != "" && c.releases.Since(since, v.Name) {
		return since
	}
	return ""
}
