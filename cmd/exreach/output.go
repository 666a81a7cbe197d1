// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/survey"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

var colorWords = []string{"auto", "always", "never"}

// outputFlags choose how the report is written.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "table", Usage: "write the report as `FORMAT`: " + strings.Join(report.FormatNames(), ", ") + " (default table)"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, TakesFile: true, Usage: "write the report to `FILE`, whole or not at all"},
		colorFlag(),
		&cli.BoolFlag{Name: "problems", Usage: "show only what is not as wanted"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "also show notes, and everything that is as wanted"},
		commandline.RangedFlag{
			IntFlag:  &cli.IntFlag{Name: "width", Usage: "wrap the table at this `NUMBER` of columns (default: the terminal's, or COLUMNS, or 100)"},
			Accepted: fmt.Sprintf("0, and %d or more", narrowest),
		},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "write no notes and no progress to stderr, only errors"},
	}
}

func colorFlag() cli.Flag {
	return &cli.StringFlag{Name: "color", Value: "auto", Usage: "colour the table `WHEN`: auto, always or never (default auto, which honours NO_COLOR)"}
}

// An output writes a report the way the user wants it, for check, demo and report.
type output struct {
	format   report.Format
	style    content.Style
	file     string // "" is stdout
	machine  string // the name of this machine; "" if it has none
	options  content.Options
	stdout   io.Writer
	notes    io.Writer
	progress *statusLine // nil if no one would see it
	standIn  bool        // a stand-in is checked: its faults are deliberate and no failure

	temporaries *files.Temporaries
}

func newOutput(c *cli.Context, w world) (output, error) {
	o := output{file: c.String("output"), stdout: w.stdout, temporaries: w.temporaries, notes: notesOf(c, w)}
	switch {
	case c.Bool("quiet") && c.Bool("verbose"):
		return o, combined("--quiet and --verbose")
	case o.file == "-":
		o.file = ""
	}
	var err error
	if o.format, err = report.FormatNamed(strings.ToLower(c.String("format")), report.FormatNames()); err != nil {
		return o, err
	}
	if o.style, err = styleOf(c, w, o.file); err != nil {
		return o, err
	}
	o.options = given(c)
	o.machine, _ = os.Hostname() // without a name the report says less
	streamsToTerminal := !o.format.Whole && o.file == "" && terminal(w.stdout) != nil
	if f := terminal(w.stderr); f != nil && !c.Bool("quiet") && !streamsToTerminal {
		o.progress = &statusLine{terminal: f, width: widthOf(f)}
		o.notes = wrapping{o.progress, widthFor(f, w.env)}
	}
	return o, nil
}

// given returns the options that the command line sets, for the report. It leaves out how
// the report is written, which another exreach report may change, and says of credentials
// only that there are some.
func given(c *cli.Context) content.Options {
	options := content.Options{}
	for _, f := range c.Command.Flags {
		name := f.Names()[0]
		isOutput := slices.ContainsFunc(outputFlags(), func(o cli.Flag) bool { return o.Names()[0] == name })
		switch {
		case !c.IsSet(name) || isOutput:
		case name == "credentials":
			options[name] = []string{"given"}
		case c.StringSlice(name) != nil:
			options[name] = c.StringSlice(name)
		default:
			options[name] = []string{fmt.Sprint(c.Value(name))}
		}
	}
	return options
}

// styleOf is what the terminal can show and the user wants to see.
func styleOf(c *cli.Context, w world, file string) (content.Style, error) {
	s := content.Style{Verbose: c.Bool("verbose"), Problems: c.Bool("problems")}
	when := strings.ToLower(c.String("color"))
	if !slices.Contains(colorWords, when) {
		return s, &catalog.WordError{Kind: "colour choice", Word: when, Accepted: colorWords}
	}
	s.Color = when == "always"
	f := terminal(w.stdout)
	if file != "" {
		f = nil
	}
	var err error
	if s.Width, err = tableWidth(c, w, f); err != nil || f == nil {
		return s, err
	}
	// https://no-color.org
	if when == "auto" && w.env("NO_COLOR") == "" && w.env("TERM") != "dumb" {
		s.Color = showsColour(f)
	}
	return s, nil
}

// tableWidth is how many columns a table may take: what the user says, else what the
// terminal f has, else COLUMNS, else 100. f is nil if the table goes elsewhere. 0 is no
// limit.
func tableWidth(c *cli.Context, w world, f *os.File) (int, error) {
	const usual = 100
	if !c.IsSet("width") {
		return cmp.Or(widthFor(f, w.env), usual), nil
	}
	n := c.Int("width")
	if n != 0 && n < narrowest {
		return 0, hinted("such as --width 100; --width 0 never wraps", "option --width: %d columns are too few, the minimum is %d", n, narrowest)
	}
	return n, nil
}

// tell shows an event of a run to the user.
func (o output) tell(e survey.Event) {
	if p, ok := e.(survey.Progress); ok && o.progress != nil {
		o.progress.show(progressTexts(p)...)
	}
	for _, text := range said(e) {
		note(o.notes, "%s", text)
	}
}

// every is how often the progress line is rewritten.
const every = 100 * time.Millisecond

func (o output) noteInterrupted(ctx context.Context, unasked int, unread bool) {
	if ctx.Err() != nil {
		note(o.notes, "interrupted: unfinished checks are reported as untried")
	}
	if unasked > 0 {
		note(o.notes, "%s not asked at all, and not in the report", catalog.Count(unasked, "host"))
	}
	if unread {
		note(o.notes, "the run ended before the list of hosts did: the rest of it was not read")
	}
}

// finish commits the report, so people see it, and returns the outcome as an error.
func (o output) finish(to *files.Destination, counts content.Counts) error {
	if err := to.Commit(); err != nil {
		return err
	}
	if o.file != "" {
		note(o.notes, "wrote %s: %s", o.file, summary(counts))
	}
	switch worst := counts.Worst(); {
	case o.standIn:
		return nil
	case worst == judge.Fail:
		return notAsWanted
	case worst == judge.Unknown:
		return undetermined
	}
	return nil
}

// unwritten adds the destination to an error of writing. Errors of reading stay as is.
func unwritten(to *files.Destination, err error) error {
	if unread := (*report.UnreadError)(nil); errors.As(err, &unread) {
		return err // reading failed, not writing
	}
	return to.Failed(err)
}

// notesOf is where a command writes what the user may want to know. Errors are not
// notes.
func notesOf(c *cli.Context, w world) io.Writer {
	if c.Bool("quiet") {
		return io.Discard
	}
	return w.stderr
}

func note(w io.Writer, format string, a ...any) {
	printLine(w, "exreach: "+fmt.Sprintf(format, a...))
}

// summary counts what makes the exit code of a run.
func summary(c content.Counts) string {
	text := fmt.Sprintf("%d fail, %d unknown, %d warn, %d pass", c.Fail, c.Unknown, c.Warn, c.Pass)
	switch care := c.Care; {
	case care.Fail > 0:
		text += fmt.Sprintf("; care: %d fail, %d warn", care.Fail, care.Warn)
	case care.Warn > 0:
		text += fmt.Sprintf("; care: %d warn", care.Warn)
	}
	if n := c.Hosts.Unasked; n > 0 {
		text += "; " + catalog.Count(n, "host") + " not asked"
	}
	if c.Hosts.Unread {
		text += "; the list of hosts not read to its end"
	}
	return text
}
