// SPDX-License-Identifier: Apache-2.0

// Package outlet is the copies of one report: on stdout or in a file, and in more files beside
// it. It finds what is wrong with their places before anything is asked or written, opens all
// of them first, and lets no file appear before all of them are complete. It does not know
// what the formats write.
package outlet

import (
	"cmp"
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

// A Copy is one copy of a report: where it is written to, and in which format.
type Copy struct {
	Format report.Format
	Style  content.Style
	File   string // "" is stdout

	option string // by which the user named it, for messages
}

// Copies is all of them; the first is that of --format and --output.
type Copies []Copy

// dash is how the user writes stdin or stdout where a file may stand.
const dash = "-"

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
func Parse(format, output string, also Also) (Copies, error) {
	first := Copy{File: output, option: "--output " + catalog.Shown(output)}
	var err error
	if first.Format, err = formatNamed(format); err != nil {
		return nil, err
	}
	if output == "" || output == dash {
		first.File, first.option = "", "the report itself"
	}
	copies := Copies{first}
	for _, value := range also {
		another, err := parseAlso(value)
		if err != nil {
			return nil, err
		}
		copies = append(copies, another)
	}
	return copies, nil
}

// parseAlso reads one value of --also.
func parseAlso(value string) (Copy, error) {
	name, file, both := strings.Cut(value, "=")
	if !both {
		return Copy{}, mistake("such as --also html=report.html", "option --also: %q is not FORMAT=FILE", catalog.Shown(value))
	}
	format, err := formatNamed(name)
	if err != nil {
		return Copy{}, fmt.Errorf("option --also: %w", err)
	}
	if strings.TrimSpace(file) == "" {
		return Copy{}, mistake(fmt.Sprintf("write --also %s=FILE, or leave the option out; a variable that is not set gives an empty name", format.Name),
			"option --also %s=: the file has no name", format.Name)
	}
	another := Copy{Format: format, File: file, option: "--also " + format.Name + "=" + catalog.Shown(file)}
	if file == dash {
		another.File = ""
	}
	return another, nil
}

func formatNamed(name string) (report.Format, error) {
	return report.FormatNamed(strings.ToLower(strings.TrimSpace(name)), report.FormatNames())
}

// Stdio is what a command reads and writes beside its files.
type Stdio struct {
	In  io.Reader
	Out io.Writer
}

// Check returns an error if two copies go to one place, or if one would replace a file in
// reads: those that the command reads, - for stdin. If the copies have all that is in these
// files (isWhole), one may replace them in a format that exreach reads back.
func (c Copies) Check(reads []string, isWhole bool, s Stdio) error {
	for i, one := range c {
		for _, other := range c[:i] {
			if err := apart(one, other, s.Out); err != nil {
				return err
			}
		}
		if one.File == "" || isWhole && one.Format.ReadBack {
			continue
		}
		for _, read := range reads {
			if read == dash && files.IsAt(s.In, one.File) || read != dash && files.SameFile(one.File, read) {
				return mistake("give the report a file of its own", "option %s: exreach reads this file, and the report would replace it", one.option)
			}
		}
	}
	return nil
}

// apart returns an error if two copies go to one place.
func apart(one, other Copy, out io.Writer) error {
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

// SetStyles gives each copy its style: that of stdout, or that of files.
func (c Copies) SetStyles(stdout, filed content.Style) {
	for i := range c {
		c[i].Style = filed
		if c[i].File == "" {
			c[i].Style = stdout
		}
	}
}

// StreamsToStdout reports whether stdout gets the hosts one by one, while the run goes on.
func (c Copies) StreamsToStdout() bool {
	return slices.ContainsFunc(c, func(one Copy) bool { return one.File == "" && !one.Format.Whole })
}

// Hold makes every format wait for the whole report: nothing is written before all of it has
// been read.
func (c Copies) Hold() {
	for i := range c {
		c[i].Format.Whole = true
	}
}

// A choice is an option that only some formats heed.
type choice struct {
	option string
	heeds  func(report.Format) bool
	hint   string // "" advises one of these formats
}

var choices = []choice{
	{"matrix", func(f report.Format) bool { return f.Matrix }, ""},
	{"separator", func(f report.Format) bool { return f.Separated }, ""},
	{"problems", func(f report.Format) bool { return f.Problems }, "exreach report --grade fail,warn,unknown leaves results out of any format"},
}

// Heed returns an error if an option that the user sets means nothing to any of the formats.
func (c Copies) Heed(isSet func(option string) bool) error {
	for _, o := range choices {
		if isSet(o.option) && !slices.ContainsFunc(c, func(one Copy) bool { return o.heeds(one.Format) }) {
			return o.unheeded()
		}
	}
	return nil
}

// unheeded is the error for the option where no format heeds it.
func (o choice) unheeded() error {
	var names []string
	for _, f := range report.Formats() {
		if o.heeds(f) {
			names = append(names, f.Name)
		}
	}
	formats := "formats " + catalog.Enumerated(names, "and")
	if len(names) == 1 {
		formats = "format " + names[0]
	}
	hint := cmp.Or(o.hint, fmt.Sprintf("write --format %s, or --also %[1]s=FILE", names[0]))
	return mistake(hint, "option --%s: it is for the %s only", o.option, formats)
}

// separators is what may stand between the columns of csv and request, by its name.
var separators = map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t'}

// Separators lists the words of --separator.
func Separators() []string { return slices.Sorted(maps.Keys(separators)) }

// SeparatorNamed returns what a word of --separator means. Its error is for the user.
func SeparatorNamed(word string) (rune, error) {
	if r, known := separators[word]; known {
		return r, nil
	}
	return 0, fmt.Errorf("option --separator: %w", &catalog.WordError{Kind: "separator", Word: word, Accepted: Separators()})
}

// Files is the copies in files.
func (c Copies) Files() []content.Place {
	var all []content.Place
	for _, one := range c {
		if one.File != "" {
			all = append(all, content.Place{Format: one.Format.Name, File: one.File})
		}
	}
	return all
}

// Names lists the files for people, as they were named; "" if there are none.
func (c Copies) Names() string {
	var names []string
	for _, one := range c.Files() {
		names = append(names, one.File)
	}
	return catalog.Enumerated(names, "and")
}
