// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"exreach/catalog"
)

// words turns what tables say into the words of a catalogue.
type words struct {
	cat  *catalog.Catalog
	from string // who connects
}

var (
	// displayed is AdminDisplayVersion: "Version 15.2 (Build 1118.7)", and for 2003
	// "Version 6.5 (Build 7638.2: Service Pack 2)".
	displayed = regexp.MustCompile(`^(?:version )?(\d+\.\d+) \(build (\d+)(\.\d+)?\b.*\)$`)
	// dotted is a build: 15.2.1118.7
	dotted = regexp.MustCompile(`^\d+(\.\d+)+$`)
	// objectVersion is ExchangeVersion of Get-ExchangeServer, which is that of the object in
	// Active Directory and the same for every server: "0.1 (8.0.535.0)".
	objectVersion = regexp.MustCompile(`^0\.\d+ \(.*\)$`)
)

// fromDirectory is what serialNumber in Active Directory adds to the build that
// AdminDisplayVersion shows: "Version 15.1 (Build 31034.26)" is 15.1.1034.26.
const fromDirectory = 30000

// version returns the version that a value means: a word of the catalogue, a build, or the
// name of the product. It returns "" if the value allows several, such as a build between
// those of 2019 and SE: the host must show it.
func (w words) version(value string) (string, *Mistake) {
	text := strings.ToLower(strings.Join(strings.Fields(value), " "))
	switch {
	case text == "" || text == catalog.Auto || objectVersion.MatchString(text):
		return "", nil
	case slices.Contains(w.cat.Names(), text):
		return text, nil
	}
	build := ""
	if m := displayed.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2]) // a number that is too large is no build, either
		if n > fromDirectory {
			n -= fromDirectory
		}
		build = m[1] + "." + strconv.Itoa(n) + m[3]
	} else if dotted.MatchString(text) {
		build = text
	}
	if build != "" {
		if of := w.cat.Releases().OfBuild(build); len(of) == 1 {
			return of[0], nil
		} else if len(of) > 1 || w.cat.Releases().IsNewBuild(build) {
			return "", nil
		}
	}
	if named := w.named(text); named != "" {
		return named, nil
	}
	return "", &Mistake{&catalog.WordError{Kind: "version", Word: value, Accepted: w.cat.Names()},
		"write a version, a build such as 15.2.1118.7, or leave the cell empty: the host is asked then"}
}

// named returns the version that the name of a product means: "Exchange 2019",
// "Exchange2019", "2019 CU14", "Microsoft Exchange Server Subscription Edition". It returns
// "" if it is none or several.
func (w words) named(text string) string {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	found := ""
	for _, name := range w.cat.Names() {
		title := strings.ToLower(w.cat.Releases().Title(name))
		means := title != "" && strings.Contains(text, title) ||
			slices.ContainsFunc(parts, func(part string) bool { return strings.TrimPrefix(part, "exchange") == name })
		switch {
		case means && found != "":
			return ""
		case means:
			found = name
		}
	}
	return found
}

// roleNames are the roles that ServerRole of Get-ExchangeServer shows, and other names that
// people use, as roleName has them, with the word of the catalogue.
var roleNames = map[string]string{
	"clientaccess": "client-access", "cas": "client-access", "cafe": "client-access", "frontendtransport": "client-access",
	"hubtransport": "hub", "ht": "hub", "transport": "hub",
	"unifiedmessaging": "um", "edgetransport": "edge", "mbx": "mailbox",
	"dc": "domain-controller", "gc": "domain-controller", "fe": "front-end", "be": "back-end",
}

// roleName is the name of a role without what spelling adds to it: "Hub Transport server" is
// hubtransport.
func roleName(word string) string {
	name := columnName(word)
	for _, end := range []string{"server", "role"} {
		if short := strings.TrimSuffix(name, end); short != "" {
			name = short
		}
	}
	return name
}

// roles returns the roles that a value such as "Mailbox, ClientAccess" names. If the version
// is known, a role that it does not have is the one that does its work there: in 2019, a
// Mailbox server does all of it. ServerRole is None for servers of 2003, and for those on
// which only the management tools are installed.
func (w words) roles(value, version string) ([]string, *Mistake) {
	var all []string
	for _, word := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(",;|/+&\n", r) }) {
		name := roleName(word)
		if name == "" || name == "none" || name == catalog.Auto {
			continue
		}
		role, err := w.role(name, word, version)
		if err != nil {
			return nil, &Mistake{err, "write a role of the catalogue (exreach catalog list), or leave the cell empty: the host is checked in every role whose services answer then"}
		}
		if !slices.Contains(all, role) {
			all = append(all, role)
		}
	}
	return all, nil
}

// role returns the role of a version, or of any if version is "", that a name means. word is
// the name as it is written.
func (w words) role(name, word, version string) (string, error) {
	versions, err := w.among(version)
	if err != nil {
		return "", err
	}
	var known []string
	for _, v := range versions {
		for _, r := range v.Roles {
			if r.Name == roleNames[name] || columnName(r.Name) == name {
				return r.Name, nil
			}
			if !slices.Contains(known, r.Name) {
				known = append(known, r.Name)
			}
		}
	}
	if version != "" {
		if called, err := w.role(name, word, ""); err == nil {
			if like := versions[0].RoleLike(called, w.from); like != "" {
				return like, nil
			}
		}
	}
	return "", &catalog.WordError{Kind: "role", Word: strings.TrimSpace(word), Accepted: known}
}

// among returns the version of that name, or all if it is "".
func (w words) among(version string) ([]catalog.Version, error) {
	if version == "" {
		return w.cat.Versions()
	}
	v, err := w.cat.Version(version)
	return []catalog.Version{v}, err
}
