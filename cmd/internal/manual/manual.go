// SPDX-License-Identifier: Apache-2.0

// Package manual writes the manual page of a program from the help of its commands. Only a
// release needs it: the law keeps it out of the program itself.
package manual

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/commandline"
)

// Write writes the page exreach(1) in the language of man(7). release is the version of
// the program.
func Write(w io.Writer, p commandline.Program, release string) error {
	name := p.Root.Name
	m := page{program: p}
	m.line(`.TH %s 1 "" "%s %s" "User Commands"`, strings.ToUpper(name), name, release)
	m.line(".SH NAME")
	m.line(`%s \- %s`, escaped(name), escaped(p.Root.Usage))
	if err := m.command(p.Root, name, ".SH"); err != nil {
		return err
	}
	for _, t := range p.Topics {
		text, err := p.Text(t.Word)
		if err != nil {
			return err
		}
		m.line(".SH %s", escaped(strings.ToUpper(t.Word)))
		m.text(text, nil, ".SS")
	}
	_, err := io.WriteString(w, m.roff.String())
	return err
}

// A page is a manual page as far as it is written.
type page struct {
	program commandline.Program
	roff    strings.Builder
}

func (m *page) line(format string, a ...any) { fmt.Fprintf(&m.roff, format+"\n", a...) }

// command writes the help of c and its commands. name is its whole name, and heading the
// macro for the headings of its text.
func (m *page) command(c *cli.Command, name, heading string) error {
	text, err := m.program.Text(name)
	if err != nil {
		return err
	}
	m.text(text, m.program.Lists(c), heading)
	for _, sub := range c.VisibleCommands() {
		of := name + " " + sub.Name
		m.line(".SH %s", escaped(strings.ToUpper(of)))
		if err := m.command(sub, of, ".SS"); err != nil {
			return err
		}
	}
	return nil
}

// text writes a help text: headings, paragraphs, lines that are set apart, and lists in the
// place of their marks.
func (m *page) text(text string, lists map[string][]commandline.Entry, heading string) {
	const begin, end = ".RS 4\n.nf", ".fi\n.RE"
	apart, blank, usage := false, false, false // among lines that are set apart; behind a blank one; below that heading
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		indented := strings.HasPrefix(line, "  ")
		switch {
		case line == "":
			blank = true
			continue
		case indented && !apart:
			m.line(begin)
		case !indented && apart:
			m.line(end)
		case blank && apart:
			m.line("")
		}
		switch {
		case usage && !indented && !isHeading(line):
			m.line("%s DESCRIPTION", heading)
		case blank && !indented:
			m.line(".PP")
		}
		apart, blank, usage = indented, false, line == "Usage:" || usage && indented
		switch list := lists[line]; {
		case list != nil:
			m.list(list)
		case isHeading(line):
			m.line("%s %s", heading, escaped(headingOf(line)))
		default:
			m.line("%s", escaped(strings.TrimPrefix(line, "  ")))
		}
	}
	if apart {
		m.line(end)
	}
}

// isHeading reports whether a line is a heading, not the end of a sentence: one or two
// words and a colon.
func isHeading(line string) bool {
	return strings.HasSuffix(line, ":") && len(strings.Fields(line)) <= 2
}

// headingOf is a heading as manual pages have it.
func headingOf(line string) string {
	heading := strings.ToUpper(strings.TrimSuffix(line, ":"))
	if heading == "USAGE" {
		return "SYNOPSIS"
	}
	return heading
}

func (m *page) list(entries []commandline.Entry) {
	for _, e := range entries {
		m.line(".TP\n.B %s\n%s", escaped(strings.TrimSpace(e.Word)), escaped(e.Text))
	}
}

// escaped is text without what roff takes for its own (groff_char(7)).
func escaped(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, "'", `\(aq`, `"`, `\(dq`).Replace(text)
	if strings.HasPrefix(text, ".") {
		return `\&` + text
	}
	return text
}
