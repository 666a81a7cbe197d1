// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"regexp"
	"slices"
	"strings"

	"exreach/catalog"
)

// words turns what tables say into the words of a catalogue.
type words struct {
	cat  *catalog.Catalog
	from string // who connects
}

// objectVersion is ExchangeVersion of Get-ExchangeServer, which is that of the object in
// Active Directory and the same for every server: "0.1 (8.0.535.0)".
var objectVersion = regexp.MustCompile(`^0\.\d+ \(.*\)$`)

// version returns the version that a value means: a word of the catalogue, a build, or the
// name of the product. It returns "" if the value leaves it open, such as a build between
// those of 2019 and SE: the host must show it.
func (w words) version(value string) (string, *Mistake) {
	if value == "" || strings.EqualFold(value, catalog.Auto) || objectVersion.MatchString(value) {
		return "", nil
	}
	called, build := w.cat.Releases().VersionsCalled(value)
	switch {
	case len(called) == 1:
		return called[0], nil
	case build != "" && (len(called) > 1 || w.cat.Releases().IsNewBuild(build)):
		return "", nil
	}
	_, err := w.cat.Version(value)
	return "", &Mistake{err, "write a version, a build such as 15.2.1118.7, or leave the cell empty: the host is asked then"}
}

// roles returns the roles that a value such as "Mailbox, ClientAccess" names. If the version
// is known, a role that it does not have is the one that does its work there: in 2019, a
// Mailbox server does all of it. ServerRole is None for servers of 2003, and for those on
// which only the management tools are installed.
func (w words) roles(value, version string) ([]string, *Mistake) {
	var all []string
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(",;|/+&\n", r) }) {
		word = strings.TrimSpace(word)
		if word == "" || strings.EqualFold(word, "none") || strings.EqualFold(word, catalog.Auto) {
			continue
		}
		role, err := w.role(word, version)
		if err != nil {
			return nil, &Mistake{err, "write a role of the catalogue (exreach catalog list), or leave the cell empty: the host is checked in every role whose services answer then"}
		}
		if !slices.Contains(all, role) {
			all = append(all, role)
		}
	}
	return all, nil
}

// role returns the role of a version, or of any if version is "", that a word means.
func (w words) role(word, version string) (string, error) {
	if version == "" {
		all, err := w.cat.Versions()
		if err != nil {
			return "", err
		}
		return roleAmong(all, word)
	}
	v, err := w.cat.Version(version)
	if err != nil {
		return "", err
	}
	role, err := roleAmong([]catalog.Version{v}, word)
	if err == nil {
		return role, nil
	}
	if other, unknown := w.role(word, ""); unknown == nil {
		role = v.RoleOf(other, w.from)
	}
	if role == "" {
		return "", err
	}
	return role, nil
}

// roleAmong returns the role that a word means among those of some versions, or a
// *catalog.WordError.
func roleAmong(versions []catalog.Version, word string) (string, error) {
	var known []string
	for _, v := range versions {
		for _, r := range v.Roles {
			if !slices.Contains(known, r.Name) {
				known = append(known, r.Name)
			}
		}
	}
	if named := catalog.Named("role", word, known); len(named) > 0 {
		return named[0], nil
	}
	return "", &catalog.WordError{Kind: "role", Word: word, Accepted: known}
}
