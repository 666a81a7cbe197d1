// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/lookup"
)

// Options is what a user may say about a run in addition to its hosts. The zero value says
// nothing.
type Options struct {
	Version, Role string         // of hosts that only have a name; "" is what they turn out to be
	From          string         // who connects; "" is what the topology says, or the default
	Ports         []catalog.Port // to check at every host instead of what its role needs; nil is what the role needs
	Only, Skip    []string       // names, protocols and ports of services; no Only is all of them
	Family        lookup.Family  // of the addresses that may be named; "" is any

	Unfinished string // an option whose list ends with a comma: "--only 80,". A blank may have cut the list in two
}

// validate finds a version or a role that does not exist, before a host is blamed for it.
func (o Options) validate(cat *catalog.Catalog) error {
	version := o.Version
	k := taker{cat: cat, from: cmp.Or(o.From, catalog.DefaultFrom)}
	if version == "" || version == catalog.Auto {
		version = k.newestWith(o.Role)
	}
	v, err := cat.Version(version)
	if err != nil {
		return &Mistake{err, "a version is a year, or 4.0 to 5.5, se or online: --version 2019; without the option, exreach asks the host which it is"}
	}
	if o.Role == "" || o.Role == catalog.Auto {
		return nil
	}
	_, err = v.Role(o.Role)
	does, why := DoneBy(cat, v, o.Role, k.from)
	switch {
	case err == nil:
		return nil
	case strings.ContainsAny(o.Role, ",+"):
		return mistake("name one role, or leave the option out: exreach then takes every role whose services answer", "version %s: %w", v.Name, err)
	case does == "":
		return fmt.Errorf("version %s: %w", v.Name, err)
	}
	return mistake(fmt.Sprintf("%s: --role %s, or --role auto for every role whose services answer", why, does), "version %s: %w", v.Name, err)
}

// DoneBy returns the role of v that serves from in place of a role that v does not have, and
// a clause that says so. It returns "" if v has the role, under any name, or nothing like
// it.
func DoneBy(cat *catalog.Catalog, v catalog.Version, role, from string) (does, why string) {
	if called := catalog.Called("role", role); called != nil {
		role = called[0]
	}
	does = v.RoleLike(role, from)
	if _, err := v.Role(role); err == nil || does == "" {
		return "", ""
	}
	if since := cat.Ended(role, v); since != "" {
		return does, fmt.Sprintf("since version %s the role %s does the work of %s", since, does, role)
	}
	return does, fmt.Sprintf("in version %s the role %s does that", v.Name, does)
}

// Pointed adds a hint to a catalog.NothingError, which says that a role has no service for
// a from: the hint names where that from has services. Other errors stay as they are.
func Pointed(cat *catalog.Catalog, err error) error {
	var nothing *catalog.NothingError
	if !errors.As(err, &nothing) {
		return err
	}
	const asServer = "mailbox" // domain controllers and the like are there for servers; server itself is one of 5.5
	if (slices.Contains(catalog.SupportRoles, nothing.Role) || nothing.From == "server") && slices.Contains(nothing.Only, asServer) {
		return mistake("to check it as an Exchange server sees it: --from "+asServer, "%w", err)
	}
	places, placesErr := cat.RolesFor(nothing.From)
	if placesErr != nil || len(places) == 0 {
		return err
	}
	return mistake(hintTo(places, nothing), "%w", err)
}

// hintTo names the place that the user most likely meant: the only place, the only
// version, or the same role in the newest version that has it. Else it lists versions.
func hintTo(places []catalog.VersionRole, nothing *catalog.NothingError) string {
	var versions []string
	for _, p := range places {
		if !slices.Contains(versions, p.Version) {
			versions = append(versions, p.Version)
		}
	}
	same := slices.IndexFunc(places, func(p catalog.VersionRole) bool { return p.Role == nothing.Role })
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

// VersionCalled returns the catalogue's word for a version: 2019 for Exchange2019 or the
// build 15.2.1118.7. A word that means none, or more than one, comes back as it is.
func VersionCalled(cat *catalog.Catalog, word string) string {
	if called, _ := cat.Releases().VersionsCalled(word); len(called) == 1 {
		return called[0]
	}
	return strings.ToLower(strings.TrimSpace(word))
}

// A Mistake is an error of the user's, with a hint how to correct it.
type Mistake struct {
	Err  error
	Hint string
}

func (m *Mistake) Error() string { return m.Err.Error() }

func (m *Mistake) Unwrap() error { return m.Err }

// mistake is fmt.Errorf with a hint for the user.
func mistake(hint, format string, a ...any) error {
	return &Mistake{fmt.Errorf(format, a...), hint}
}
