// SPDX-License-Identifier: Apache-2.0

package main

import (
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
	"exreach/cmd/internal/console"
	"exreach/cmd/internal/contact"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/inlet"
	"exreach/cmd/internal/outlet"
	"exreach/cmd/internal/survey"
	"exreach/cmd/internal/wording"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

// outputFlags choose how the report is written.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Value: "table", Usage: "write the report as `FORMAT`: " + strings.Join(report.FormatNames(), ", ") + " (default table)"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, TakesFile: true, Usage: "write the report to `FILE`, whole or not at all"},
		&cli.GenericFlag{Name: "also", Value: &outlet.Also{}, Usage: "also write it as `FORMAT=FILE`, such as html=report.html; may be repeated"},
		colorFlag(),
		&cli.BoolFlag{Name: "problems", Usage: "show only what is not as wanted, in a table"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "also show notes, and everything that is as wanted"},
		commandline.RangedFlag{
			IntFlag:  &cli.IntFlag{Name: "width", Usage: "wrap the table at this `NUMBER` of columns (default: the terminal's, or COLUMNS, or 100)"},
			Accepted: fmt.Sprintf("0, and %d or more", console.Narrowest),
		},
		&cli.StringFlag{Name: "separator", Usage: "separate the columns of csv and request by `CHARACTER`: " + strings.Join(outlet.Separators(), ", ") + " (default comma)"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "write no notes and no progress to stderr, only errors"},
	}
}

// An output writes a report the way the user wants it, for check, demo and report.
type output struct {
	copies   outlet.Copies
	machine  string // the name of this machine; "" if it has none
	options  content.Options
	stdout   io.Writer
	notes    io.Writer
	progress *console.StatusLine       // nil if no one would see it
	standIn  bool                      // a stand-in is checked: its faults are deliberate and no failure
	reversed func() []contact.Reversed // what far ends found that checked back, when the run is over; nil if none did

	temporaries *files.Temporaries
}

func newOutput(c *cli.Context, w world) (output, error) {
	o := output{stdout: w.stdout, temporaries: w.temporaries, notes: notesOf(c, w)}
	if c.Bool("quiet") && c.Bool("verbose") {
		return o, combined("--quiet and --verbose")
	}
	var err error
	if o.copies, err = copiesOf(c, w); err != nil {
		return o, err
	}
	if o.copies.OutliveStdout() && w.ignorePipe != nil {
		w.ignorePipe()
	}
	o.options = given(c)
	o.machine, _ = os.Hostname() // without a name the report says less
	streamsToTerminal := o.copies.StreamsToStdout() && console.Of(w.stdout) != nil
	if f := console.Of(w.stderr); f != nil && !c.Bool("quiet") && !streamsToTerminal {
		o.progress = &console.StatusLine{Terminal: f, Width: console.WidthOf(f)}
		o.notes = console.Wrapping{Writer: o.progress, Width: console.WidthFor(f, w.env)}
	}
	return o, nil
}

// copiesOf is where the report goes, in which formats and styles.
func copiesOf(c *cli.Context, w world) (outlet.Copies, error) {
	copies, err := outlet.Parse(c.String("format"), c.String("output"), *c.Generic("also").(*outlet.Also))
	if err != nil {
		return nil, err
	}
	style, err := styleOf(c, w)
	if err != nil {
		return nil, err
	}
	if c.IsSet("separator") {
		if style.Separator, err = outlet.SeparatorNamed(strings.ToLower(c.String("separator"))); err != nil {
			return nil, err
		}
	}
	if err := copies.Heed(c.IsSet); err != nil {
		return nil, err
	}
	filed := style
	filed.Color = false
	if filed.Width, err = tableWidth(c, w, nil); err != nil {
		return nil, err
	}
	copies.SetStyles(style, filed)
	if strings.EqualFold(c.String("color"), "always") {
		copies[0].Style.Color = true // in its file, too
	}
	isWhole := c.Command.Name == "report" && !slices.ContainsFunc(pickOptions, c.IsSet)
	return copies, copies.Check(inputsOf(c), isWhole, outlet.Stdio{In: w.stdin, Out: w.stdout})
}

// inputsOf is the files that a command reads.
func inputsOf(c *cli.Context) []string {
	if c.Command.Name == "report" {
		return inlet.Expand(c.Args().Slice())
	}
	var inputs []string
	for _, f := range c.Command.Flags {
		if file, ok := f.(*cli.StringFlag); ok && file.TakesFile && file.Name != "output" && c.IsSet(file.Name) {
			inputs = append(inputs, c.String(file.Name))
		}
	}
	return inputs
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
		case name == "credentials" || name == "code-file":
			options[name] = []string{"given"}
		case c.StringSlice(name) != nil:
			options[name] = c.StringSlice(name)
		default:
			options[name] = []string{fmt.Sprint(c.Value(name))}
		}
	}
	return options
}

// tell shows an event of a run to the user.
func (o output) tell(e survey.Event) {
	if p, ok := e.(survey.Progress); ok && o.progress != nil {
		o.progress.Show(wording.OfProgress(p)...)
	}
	for _, text := range wording.OfRun(e) {
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

// draft begins the report in all its formats. sources is the files that it is read from.
func (o output) draft(to *outlet.Delivery, shelf *files.Scratch, sources []string) *report.Draft {
	d := report.NewDraft(to.Outlets()...)
	d.Shelve(func() (report.Shelf, error) { return shelf, shelf.Create(o.temporaries) })
	d.WrittenTo(o.copies.Files())
	d.ReadFrom(sources)
	return d
}

// runOf is what is known of a run when it begins.
func (o output) runOf(s *survey.Survey) content.Run {
	known := content.NewRun(tool(), s.From(), s.Began)
	known.Machine, known.StandIn, known.Options = o.machine, o.standIn, o.options
	return known
}

// addReversed adds to a report what far ends found that checked back. A far end whose report
// is none is left out, with a note.
func (o output) addReversed(draft *report.Draft) error {
	if o.reversed == nil {
		return nil
	}
	for i, found := range o.reversed() {
		var unread *report.UnreadError
		err := inlet.ReadReversed(draft, i+2, found)
		if errors.As(err, &unread) {
			note(o.notes, "what the listener at %s found when it checked back is not in the report: %v", wording.Place(found.Listener), err)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// finish commits the report, so people see it, and returns the outcome as an error.
func (o output) finish(to *outlet.Delivery, counts content.Counts) error {
	if err := to.Commit(); err != nil {
		return err
	}
	if names := o.copies.Names(); names != "" {
		note(o.notes, "wrote %s: %s", names, countsLine(counts))
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

// countsLine counts what makes the exit code of a run.
func countsLine(c content.Counts) string {
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
