// SPDX-License-Identifier: Apache-2.0

// Package outlet is the places that one report is written to: stdout or a file, and more
// files beside it. It finds what is wrong with them before anything is asked or written,
// opens all of them first, and puts all files in their places at the end, or none. It does
// not know what the formats write.
package outlet

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/survey"
	"exreach/report"
	"exreach/report/content"
)

// A Place is where a report is written to, and in which format.
type Place struct {
	Format report.Format
	Style  content.Style
	File   string // "" is stdout

	option string // by which the user named it, for messages
}

// Places is all of them; the first is that of --format and --output.
type Places []Place

// stdout is how the user writes stdout where a file may stand.
const stdout = "-"

// Also is the values of the option --also, each FORMAT=FILE. A comma in one is part of the
// name of the file.
type Also []string

// Set adds a value.
func (a *Also) Set(value string) error {
	*a = append(*a, value)
	return nil
}

func (a *Also) String() string { return strings.Join(*a, " ") }

// Parse reads the values of --format, --output and --also. Its errors are for the user.
func Parse(format, output string, also Also) (Places, error) {
	first := Place{File: output, option: "--output " + catalog.Shown(output)}
	var err error
	if first.Format, err = formatNamed(format); err != nil {
		return nil, err
	}
	if output == "" || output == stdout {
		first.File, first.option = "", "the report itself"
	}
	places := Places{first}
	for _, value := range also {
		place, err := alsoAt(value)
		if err != nil {
			return nil, err
		}
		places = append(places, place)
	}
	return places, nil
}

// alsoAt reads one value of --also.
func alsoAt(value string) (Place, error) {
	name, file, both := strings.Cut(value, "=")
	if !both {
		return Place{}, mistake("such as --also html=report.html", "option --also: %q is not FORMAT=FILE", catalog.Shown(value))
	}
	format, err := formatNamed(name)
	if err != nil {
		return Place{}, fmt.Errorf("option --also: %w", err)
	}
	if strings.TrimSpace(file) == "" {
		return Place{}, mistake(fmt.Sprintf("write --also %s=FILE, or leave the option out; a variable that is not set gives an empty name", format.Name),
			"option --also %s=: the file has no name", format.Name)
	}
	place := Place{Format: format, File: file, option: "--also " + format.Name + "=" + catalog.Shown(file)}
	if file == stdout {
		place.File = ""
	}
	return place, nil
}

func formatNamed(name string) (report.Format, error) {
	return report.FormatNamed(strings.ToLower(strings.TrimSpace(name)), report.FormatNames())
}

// Streams are what a command reads and writes beside its files.
type Streams struct {
	In  io.Reader
	Out io.Writer
}

// Check returns an error if two reports go to one place, or if one would replace a file in
// reads: those that the command reads, - for stdin. If they are reports, one may replace them
// in a format that exreach reads back.
func (p Places) Check(reads []string, areReports bool, s Streams) error {
	for i, one := range p {
		for _, other := range p[:i] {
			if err := apart(one, other, s.Out); err != nil {
				return err
			}
		}
		if one.File == "" || areReports && one.Format.ReadBack {
			continue
		}
		for _, read := range reads {
			if read == stdout && files.IsAt(s.In, one.File) || read != stdout && files.SameFile(one.File, read) {
				return mistake("give the report a file of its own", "option %s: exreach reads this file, and the report would replace it", one.option)
			}
		}
	}
	return nil
}

// apart returns an error if two places are one.
func apart(one, other Place, out io.Writer) error {
	switch {
	case one.File == "" && other.File == "":
		return mistake("name a file for one of them, such as --output report.txt", "option %s: %s goes to stdout already", one.option, other.option)
	case one.File == "":
		return apart(other, one, out)
	case other.File == "" && files.IsAt(out, one.File):
		return mistake("give each of them a file of its own", "option %s: stdout leads to that file, too", one.option)
	case other.File != "" && files.SameFile(one.File, other.File):
		return mistake("give each of them a file of its own", "options %s and %s: they name the same file", other.option, one.option)
	}
	return nil
}

// mistake is an error with a hint for the user.
func mistake(hint, format string, a ...any) error {
	return &survey.Mistake{Err: fmt.Errorf(format, a...), Hint: hint}
}

// Dress gives each place its style: that of stdout, or that of files.
func (p Places) Dress(stdout, filed content.Style) {
	for i := range p {
		p[i].Style = filed
		if p[i].File == "" {
			p[i].Style = stdout
		}
	}
}

// Streams reports whether stdout gets the hosts one by one, while the run goes on.
func (p Places) Streams() bool {
	return slices.ContainsFunc(p, func(place Place) bool { return place.File == "" && !place.Format.Whole })
}

// Hold makes every format wait for the whole report: nothing is written before all of it has
// been read.
func (p Places) Hold() {
	for i := range p {
		p[i].Format.Whole = true
	}
}

// Uses returns an error if an option means nothing to any of the formats.
func (p Places) Uses(option string) error {
	if slices.ContainsFunc(p, func(place Place) bool { return able[option](place.Format) }) {
		return nil
	}
	var names []string
	for _, f := range report.Formats() {
		if able[option](f) {
			names = append(names, f.Name)
		}
	}
	return fmt.Errorf("option --%s: it is for the formats %s only", option, catalog.Enumerated(names, "and"))
}

// able reports whether an option means something to a format, by its name.
var able = map[string]func(report.Format) bool{
	"matrix":    func(f report.Format) bool { return f.Matrix },
	"separator": func(f report.Format) bool { return f.Separated },
}

// separators is what may stand between the columns of csv and request, by its name.
var separators = map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t'}

// Separators lists the words of --separator.
func Separators() []string { return slices.Sorted(maps.Keys(separators)) }

// SeparatorNamed returns what a word of --separator means.
func SeparatorNamed(word string) (rune, error) {
	if r, known := separators[word]; known {
		return r, nil
	}
	return 0, &catalog.WordError{Kind: "separator", Word: word, Accepted: Separators()}
}

// Files is the places that are files.
func (p Places) Files() []content.Place {
	var all []content.Place
	for _, place := range p {
		if place.File != "" {
			all = append(all, content.Place{Format: place.Format.Name, File: place.File})
		}
	}
	return all
}

// Names lists the files for people, as they were named; "" if there are none.
func (p Places) Names() string {
	var names []string
	for _, place := range p.Files() {
		names = append(names, place.File)
	}
	return catalog.Enumerated(names, "and")
}
