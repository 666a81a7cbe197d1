// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"regexp"
	"slices"
	"strings"

	"exreach/catalog"
)

// words turns what tables say into the words of a catalogue. It remembers what it was asked:
// the rows of a long table say the same few things.
type words struct {
	cat   *catalog.Catalog
	from  string              // who connects
	known map[string][]string // the roles of each version, and by "" of all of them; filled as they are needed

	versionsSaid memory[string]
	rolesSaid    memory[[]string]
}

func newWords(cat *catalog.Catalog, from string) *words {
	return &words{cat: cat, from: from, known: map[string][]string{}, versionsSaid: memory[string]{}, rolesSaid: memory[[]string]{}}
}

// A cell is one value of a table.
type cell struct {
	value   string
	version string // of the row, where the meaning depends on it
}

// A memory holds what cells with short values mean.
type memory[T any] map[cell]meaning[T]

type meaning[T any] struct {
	words T
	wrong *Mistake
}

// A table may say something else in each row: a memory holds manyCells of up to longCell
// bytes each.
const (
	manyCells = 1 << 10
	longCell  = 1 << 8
)

// of returns what find returns for a cell, and does not call it again for the same one.
func (m memory[T]) of(c cell, find func(cell) (T, *Mistake)) (T, *Mistake) {
	known, found := m[c]
	if found {
		return known.words, known.wrong
	}
	c.value = strings.Clone(c.value) // else the whole row would stay with it
	known.words, known.wrong = find(c)
	if len(m) == manyCells {
		clear(m)
	}
	if len(c.value) <= longCell {
		m[c] = known
	}
	return known.words, known.wrong
}

// objectVersion is ExchangeVersion of Get-ExchangeServer, which is that of the object in
// Active Directory and the same for every server: "0.1 (8.0.535.0)".
var objectVersion = regexp.MustCompile(`^0\.\d+ \(.*\)$`)

// version returns the version that a value means: a word of the catalogue, a build, or the
// name of the product. It returns "" if the value leaves it open, such as a build between
// those of 2019 and SE: the host must show it.
func (w *words) version(value string) (string, *Mistake) {
	return w.versionsSaid.of(cell{value: value}, w.versionIn)
}

func (w *words) versionIn(c cell) (string, *Mistake) {
	value := c.value
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
func (w *words) roles(value, version string) ([]string, *Mistake) {
	return w.rolesSaid.of(cell{value, version}, w.rolesIn)
}

func (w *words) rolesIn(c cell) ([]string, *Mistake) {
	var all []string
	for word := range strings.FieldsFuncSeq(c.value, func(r rune) bool { return strings.ContainsRune(",;|/+&\n", r) }) {
		word = strings.TrimSpace(word)
		if word == "" || strings.EqualFold(word, "none") || strings.EqualFold(word, catalog.Auto) {
			continue
		}
		role, err := w.role(word, c.version)
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
func (w *words) role(word, version string) (string, error) {
	role, err := w.roleOf(word, version)
	if err == nil || version == "" {
		return role, err
	}
	v, unread := w.cat.Version(version)
	if unread != nil {
		return "", unread
	}
	if other, unknown := w.roleOf(word, ""); unknown == nil {
		role = v.RoleOf(other, w.from)
	}
	if role == "" {
		return "", err
	}
	return role, nil
}

// roleOf returns the role of a version, or of any if version is "", that has the name word,
// or a *catalog.WordError.
func (w *words) roleOf(word, version string) (string, error) {
	known, err := w.rolesOf(version)
	if err != nil {
		return "", err
	}
	if named := catalog.Named("role", word, known); len(named) > 0 {
		return named[0], nil
	}
	return "", &catalog.WordError{Kind: "role", Word: word, Accepted: known}
}

// rolesOf returns the roles of a version, or of all if version is "", each once.
func (w *words) rolesOf(version string) ([]string, error) {
	if known := w.known[version]; known != nil {
		return known, nil
	}
	versions, err := w.cat.Versions()
	if version != "" {
		versions = make([]catalog.Version, 1)
		versions[0], err = w.cat.Version(version)
	}
	if err != nil {
		return nil, err
	}
	var known []string
	for _, v := range versions {
		for _, r := range v.Roles {
			if !slices.Contains(known, r.Name) {
				known = append(known, r.Name)
			}
		}
	}
	w.known[version] = known
	return known, nil
}
