// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report"
)

var colorWords = []string{"auto", "always", "never"}

// outputFlags choose how the report is written.
func outputFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "format", Usage: "write the report as `FORMAT`: " + strings.Join(report.FormatNames(), ", ") + " (default table)"},
		&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write the report to `FILE`, whole or not at all"},
		&cli.StringFlag{Name: "color", Usage: "colour the table `WHEN`: auto, always or never (default auto, which honours NO_COLOR)"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "tell what passing rows have to say, too"},
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "write no notes and no progress to stderr, only errors"},
	}
}

// An output writes a report the way the user wants it.
type output struct {
	format   report.Format
	style    report.Style
	file     string // "" is stdout
	stdout   io.Writer
	notes    io.Writer
	progress io.Writer     // a terminal, or nil
	tracer   *probe.Tracer // traces what timed out; nil traces nothing
}

func newOutput(c *cli.Context, w world) (output, error) {
	o := output{file: c.String("output"), stdout: w.stdout, notes: notesOf(c, w)}
	switch {
	case c.IsSet("output") && o.file == "":
		return o, hinted(seeHelp(c.Command.HelpName), "option --output: the file has no name")
	case o.file == "-":
		o.file = ""
	}
	var err error
	if o.format, err = formatOf(c); err != nil {
		return o, err
	}
	if o.style, err = styleOf(c, w, o.file); err != nil {
		return o, err
	}
	streamsToTerminal := o.format.Each != nil && o.file == "" && terminal(w.stdout) != nil
	if f := terminal(w.stderr); f != nil && !c.Bool("quiet") && !streamsToTerminal {
		o.progress = f
	}
	return o, nil
}

func formatOf(c *cli.Context) (report.Format, error) {
	name := "table"
	if c.IsSet("format") {
		name = strings.ToLower(c.String("format"))
	}
	f, known := report.Formats[name]
	if !known {
		return f, &catalog.WordError{Kind: "format", Word: name, Accepted: report.FormatNames()}
	}
	return f, nil
}

// styleOf is what the terminal can show and the user wants to see.
func styleOf(c *cli.Context, w world, file string) (report.Style, error) {
	s := report.Style{Verbose: c.Bool("verbose")}
	when := "auto"
	if c.IsSet("color") {
		when = strings.ToLower(c.String("color"))
	}
	if !slices.Contains(colorWords, when) {
		return s, &catalog.WordError{Kind: "colour choice", Word: when, Accepted: colorWords}
	}
	s.Color = when == "always"
	f := terminal(w.stdout)
	if f == nil || file != "" {
		return s, nil
	}
	s.Width = widthOf(f)
	// https://no-color.org
	if when == "auto" && w.env("NO_COLOR") == "" && w.env("TERM") != "dumb" {
		s.Color = showsColour(f)
	}
	return s, nil
}

// run asks the plan and writes its report. The outcome is in the error.
func (o output) run(ctx context.Context, pool *probe.Pool, plan []catalog.Check) error {
	to, err := openDestination(o.file, o.stdout)
	if err != nil {
		return err
	}
	defer to.discard()
	results := pool.Run(ctx, slices.Values(plan))
	if o.tracer != nil {
		results = o.tracer.Results(ctx, results)
	}
	if o.progress != nil {
		results = watch(results, o.progress, len(plan))
	}
	write := o.whole
	if o.format.Each != nil {
		write = o.each
	}
	counts, err := write(to, results, plan[0].From)
	if err != nil {
		return to.failed(err)
	}
	if ctx.Err() != nil {
		note(o.notes, "interrupted: what was not finished is reported as untried")
	}
	return o.finish(to, counts)
}

// render writes a report that is finished already.
func (o output) render(r report.Report) error {
	to, err := openDestination(o.file, o.stdout)
	if err != nil {
		return err
	}
	defer to.discard()
	if err := o.write(to, r); err != nil {
		return to.failed(err)
	}
	return o.finish(to, r.Counts)
}

// whole writes the report when everything is known.
func (o output) whole(to io.Writer, results iter.Seq[probe.Result], from string) (report.Counts, error) {
	began := time.Now()
	draft := report.New(tool(), from, began)
	for r := range results {
		draft.Add(r)
	}
	r := draft.Report(time.Since(began))
	return r.Counts, o.write(to, r)
}

// each writes every result as it comes, and keeps none.
func (o output) each(to io.Writer, results iter.Seq[probe.Result], _ string) (report.Counts, error) {
	var counts report.Counts
	began := time.Now()
	for r := range results {
		if report.Untold(r) {
			continue
		}
		e := report.Judge(r, began)
		counts.Add(e.Grade)
		if err := o.format.Each(to, e); err != nil {
			return counts, err
		}
	}
	return counts, nil
}

// write puts a report into the format.
func (o output) write(to io.Writer, r report.Report) error {
	if o.format.Each != nil {
		for _, e := range r.Results {
			if err := o.format.Each(to, e); err != nil {
				return err
			}
		}
		return nil
	}
	var text bytes.Buffer
	if err := o.format.Whole(&text, r, o.style); err != nil {
		return err
	}
	_, err := text.WriteTo(to)
	return err
}

// finish makes the report visible and tells the outcome.
func (o output) finish(to *destination, counts report.Counts) error {
	if err := to.commit(); err != nil {
		return err
	}
	if o.file != "" {
		note(o.notes, "wrote %s: %s", o.file, summary(counts))
	}
	switch counts.Worst() {
	case report.Fail:
		return notAsWanted
	case report.Unknown:
		return cannotTell
	}
	return nil
}

func summary(c report.Counts) string {
	return fmt.Sprintf("%d fail, %d unknown, %d warn, %d pass", c.Fail, c.Unknown, c.Warn, c.Pass)
}
