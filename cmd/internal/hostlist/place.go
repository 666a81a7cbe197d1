// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"strings"
	"unicode/utf8"
	"unique"

	"exreach/catalog"
)

// siteOf returns the name of a site. Get-ExchangeServer shows its path in Active Directory
// (contoso.com/Configuration/Sites/Berlin), and other tools its distinguished name
// (CN=Berlin,CN=Sites,CN=Configuration,DC=contoso,DC=com).
func siteOf(value string) (string, *Mistake) {
	site := value
	if _, name, found := strings.Cut(value, "/Configuration/Sites/"); found {
		site = name
	} else if name, container, found := strings.Cut(value, ",CN=Sites,"); found && strings.HasPrefix(name, "CN=") && container != "" {
		site = strings.ReplaceAll(strings.TrimPrefix(name, "CN="), `\`, "") // which stands before a comma of the name
	}
	if err := catalog.CheckSite(site); err != nil {
		if utf8.ValidString(site) {
			return "", &Mistake{err, "write the site without it, or leave it out"}
		}
		return "", &Mistake{err, saveAsUTF8}
	}
	return unique.Make(site).Value(), nil // which many hosts share
}

const (
	saveAsUTF8 = "save the file as UTF-8 (in Excel: CSV UTF-8)"
	rename     = "write labels as owner=team-a; rack=7, or rename the column if it is not for exreach"
)

// labelsOf reads "owner=team-a; productive; rack=". A name alone has the value true. One with
// an empty value is left out, as Prometheus does.
func labelsOf(value string) (map[string]string, *Mistake) {
	separator := ";"
	if !strings.Contains(value, separator) {
		separator = ","
	}
	var labels map[string]string
	for part := range strings.SplitSeq(value, separator) {
		name, text, given := strings.Cut(part, "=")
		name, text = strings.TrimSpace(name), strings.TrimSpace(text)
		switch {
		case name == "" && !given:
			continue
		case !given:
			text = "true"
		case text == "":
			continue
		}
		if labels == nil {
			labels = map[string]string{}
		}
		if err := catalog.AddLabel(labels, unique.Make(name).Value(), unique.Make(text).Value()); err != nil {
			return nil, &Mistake{err, rename}
		}
	}
	return labels, nil
}
