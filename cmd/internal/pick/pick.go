// SPDX-License-Identifier: Apache-2.0

// Package pick is what a user picks of saved reports: grades, hosts and services, as words. It
// finds the words that mean nothing in the reports.
package pick

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

// A Pick is the words of --grade, --host and --only, with what they match in the reports.
type Pick struct {
	grades      []judge.Grade
	hosts, only words
}

// Parse makes a Pick. An option without words leaves everything. Its error is for the user.
func Parse(grades, hosts, only []string) (*Pick, error) {
	p := &Pick{hosts: newWords(hosts), only: newWords(only)}
	for _, word := range grades {
		if !slices.Contains(Grades(), word) {
			return nil, fmt.Errorf("option --grade: %w", &catalog.WordError{Kind: "grade", Word: word, Accepted: Grades()})
		}
		p.grades = append(p.grades, judge.Grade(word))
	}
	return p, nil
}

// Grades lists the words of --grade.
func Grades() []string {
	var words []string
	for _, g := range judge.Grades() {
		words = append(words, string(g))
	}
	return words
}

// IsAll reports whether nothing is left out.
func (p *Pick) IsAll() bool { return len(p.grades)+len(p.hosts.all)+len(p.only.all) == 0 }

// Selection is what a draft needs to know.
func (p *Pick) Selection() report.Selection {
	s := report.Selection{Grades: p.grades}
	if len(p.hosts.all) > 0 {
		s.Host = p.hasHost
	}
	if len(p.only.all) > 0 {
		s.Only = p.hasService
	}
	return s
}

// hasHost reports whether a host is picked: by its name, as it was given, or by a pattern such
// as mail*.
func (p *Pick) hasHost(name string) bool {
	return p.hosts.match(func(word string) bool {
		is, err := path.Match(patterns.Replace(word), strings.ToLower(name))
		return err == nil && is
	}, strings.ToLower(name))
}

// patterns takes the meaning from all special characters of path.Match but *.
var patterns = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `?`, `\?`)

// hasService reports whether the service of a result is picked.
func (p *Pick) hasService(e content.Entry) bool {
	s := catalog.Service{
		Name: e.Service, Protocol: e.Protocol, TLS: e.TLS,
		Network: e.Network, Ports: catalog.Ports{First: e.Port, Last: e.Port},
	}
	known := []string{s.Name, s.Protocol}
	if e.Port > 0 {
		known = append(known, s.Ports.String())
	}
	return p.only.match(s.IsMeant, known...)
}

// Unknown returns an error for the first word that meant nothing in all that was read.
func (p *Pick) Unknown() error {
	if word, found := p.hosts.unused(); found {
		return p.hosts.unknown("option --host: no host is called", word)
	}
	if word, found := p.only.unused(); found {
		results := "no result"
		if len(p.hosts.all) > 0 {
			results += " of the selected hosts"
		}
		return p.only.unknown("option --only: "+results+" has a service, protocol or port called", word)
	}
	return nil
}

// words is the words of an option, and what they may mean.
type words struct {
	all   []string
	used  map[string]bool // those that meant something
	known map[string]bool // what a word could have been
}

func newWords(all []string) words {
	return words{all: all, used: map[string]bool{}, known: map[string]bool{}}
}

// match reports whether one of the words means something that is called known, and notes which.
func (w *words) match(means func(word string) bool, known ...string) bool {
	matched := false
	for _, word := range w.all {
		if means(word) {
			w.used[word], matched = true, true
		}
	}
	for _, k := range known {
		w.known[k] = true
	}
	return matched
}

// unused returns the first word that meant nothing.
func (w *words) unused() (string, bool) {
	i := slices.IndexFunc(w.all, func(word string) bool { return !w.used[word] })
	if i < 0 {
		return "", false
	}
	return w.all[i], true
}

// unknown is the error for a word that meant nothing.
func (w *words) unknown(what, word string) error {
	err := fmt.Errorf("%s %q", what, catalog.Shown(word))
	var known []string
	for k := range w.known {
		known = append(known, k)
	}
	slices.Sort(known)
	if len(known) == 0 {
		return err
	}
	const several = 5
	heading := "nearest: "
	if len(known) <= several {
		heading = "there are: "
	}
	var near []string
	for _, k := range catalog.Nearest(word, known)[:min(several, len(known))] {
		near = append(near, catalog.Shown(k))
	}
	return &survey.Mistake{Err: err, Hint: heading + strings.Join(near, ", ")}
}
