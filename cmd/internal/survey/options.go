// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"cmp"
	"fmt"

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
	given := version != "" && version != catalog.Auto
	if !given {
		version = k.newestWith(o.Role)
	}
	v, err := cat.Version(version)
	if err != nil {
		return &Mistake{err, "a version is a year, or 4.0 to 5.5, se or online, without its update and build: --version 2019"}
	}
	if o.Role == "" || o.Role == catalog.Auto {
		return nil
	}
	_, err = v.Role(o.Role)
	if err == nil {
		return nil
	}
	return roleMistake(v, o.Role, k.from, given, fmt.Errorf("version %s: %w", v.Name, err))
}

// roleMistake adds a hint to err, which says that v does not have role: the role that the
// user most likely meant. If it finds none, it returns err as it is.
func roleMistake(v catalog.Version, role, from string, versionGiven bool, err error) error {
	called := cmp.Or(otherRoles[role], role)
	meant := v.RoleLike(called, from)
	_, lacks := v.Role(called)
	switch {
	case called != role && (!versionGiven || lacks == nil):
		return &Mistake{err, "did you mean --role " + called + "?"}
	case meant == "":
		return err
	}
	return &Mistake{err, fmt.Sprintf("in version %s the role %s does that: --role %s, or --role auto for every role whose services answer", v.Name, meant, meant)}
}

// otherRoles maps other names that people use for roles to the catalogue's.
var otherRoles = map[string]string{
	"cas": "client-access", "mbx": "mailbox", "ht": "hub", "transport": "hub", "dc": "domain-controller", "gc": "domain-controller", "ad": "domain-controller",
	"fe": "front-end", "be": "back-end",
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
