// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"regexp"
	"unicode"
	"unicode/utf8"
)

// The most that a host may have of labels, and the most letters of their parts and of a
// site: every format must carry them.
const (
	manyLabels     = 16
	longLabelName  = 64
	longLabelValue = 256
	longSite       = 256
)

// labelName is what Prometheus accepts as the name of a label
// (https://prometheus.io/docs/concepts/data_model/).
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// AddLabel adds a label to those of a host, or says why the host cannot have it.
func AddLabel(labels map[string]string, name, value string) error {
	_, twice := labels[name]
	switch {
	case !labelName.MatchString(name):
		return fmt.Errorf("label %q is not a name: use a-z, A-Z, 0-9 and _, and no digit first", shorten(name))
	case len(name) > longLabelName:
		return fmt.Errorf("label %q has %d letters: up to %d are accepted", shorten(name), len(name), longLabelName)
	case twice:
		return fmt.Errorf("label %q appears twice", name)
	case len(labels) == manyLabels:
		return fmt.Errorf("label %q is one too many: a host may have %d", name, manyLabels)
	}
	if err := checkLine("label "+name, value, longLabelValue); err != nil {
		return err
	}
	labels[name] = value
	return nil
}

// CheckSite says what is wrong with the site of a host; nil if nothing is.
func CheckSite(site string) error { return checkLine("site", site, longSite) }

// checkLine makes sure that a text of a user fits on a line of a report.
func checkLine(name, text string, most int) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%s is not UTF-8", name)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%s holds the unprintable character %U", name, r)
		}
	}
	if n := utf8.RuneCountInString(text); n > most {
		return fmt.Errorf("%s has %d letters: up to %d are accepted", name, n, most)
	}
	return nil
}
