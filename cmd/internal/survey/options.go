// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"fmt"
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
