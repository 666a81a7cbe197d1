// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/inlet"
	"exreach/cmd/internal/pick"
	"exreach/report"
	"exreach/report/device"
	"exreach/report/joint"
)

func reportCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write saved reports again: in any format, joined, filtered",
		ArgsUsage: "FILE...",
		Flags:     slices.Concat(pickFlags(), outputFlags()),
		Action:    func(c *cli.Context) error { return rewrite(c, w) },
	}
}

// pickFlags choose what is left of saved reports, and what is made of it.
func pickFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "matrix", Usage: "show who reaches which host, a row for each host: instead of the results, or above them in html"},
		&cli.BoolFlag{Name: "join", Usage: "add what a far end saw, where no contact came about: FILE... is a report, then the record that exreach listen wrote"},
		&cli.StringSliceFlag{Name: "grade", Usage: "leave only results with these `GRADES`: fail, warn, unknown or pass, separated by commas"},
		&cli.StringSliceFlag{Name: "host", Usage: "leave only the hosts with these `NAMES`, as they were given; * stands for any letters"},
		&cli.StringSliceFlag{Name: "only", Usage: "leave only these `WORDS`: services, protocols, ports or ranges of ports"},
		&cli.StringFlag{Name: "device", Usage: "print the commands that ask a firewall, a `DEVICE`, about the blocked ports: " + strings.Join(device.Names(), ", ")},
	}
}

// rewrite writes saved reports as one report.
func rewrite(c *cli.Context, w world) error {
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	asked, err := out.ask(c)
	if err != nil {
		return err
	}
	picked, err := pickOf(c)
	if err != nil {
		return err
	}
	if c.NArg() == 0 {
		return hinted(commandline.SeeHelp(c.Command.HelpName), "%s: name a report, or - for stdin", c.Command.HelpName)
	}
	from, far, err := openInputs(c, w)
	if err != nil {
		return err
	}
	defer from.Close()
	if from.Len() > 1 || !picked.IsAll() || c.Bool("matrix") {
		out.copies.Hold()
	}
	to, err := out.copies.Open(c.Context, out.stdout, out.temporaries)
	if err != nil {
		return err
	}
	defer to.Discard()
	to.EndWith(c.Context)
	var shelf files.Scratch
	defer shelf.Close()
	draft := out.draft(to, &shelf, from.Files())
	draft.Select(picked.Selection())
	draft.Join(far.Apply)
	err = files.Unless(c.Context, func() error { return out.readAll(c.Context, from, far, picked, draft) })
	switch {
	case errors.Is(err, files.ErrInterrupted):
		return fmt.Errorf("%s: %w before the report was complete", from.Called(), files.ErrInterrupted)
	case err != nil:
		return err
	}
	if asked != nil {
		for _, text := range asked.Notes() {
			note(out.notes, "%s", text)
		}
	}
	out.standIn = draft.StandIn()
	return out.finish(to, draft.Counts())
}

// readAll makes the draft of the reports. A join is shown all of them before it changes any.
func (o *output) readAll(ctx context.Context, from *inlet.Reports, far *joint.Joint, picked *pick.Pick, draft *report.Draft) error {
	if far != nil {
		var copies files.Scratch
		defer copies.Close()
		if err := copies.Create(o.temporaries); err != nil {
			return fmt.Errorf("cannot keep a copy of the report: %w", err)
		}
		far.Hosts = picked.Selection().Host
		first := report.NewDraft()
		first.Select(report.Selection{Host: func(string) bool { return false }})
		first.Join(far.Look)
		if err := from.Rehearse(ctx, first, copies.File); err != nil {
			return err
		}
	}
	if err := from.ReadInto(ctx, draft); err != nil {
		return err
	}
	if err := cmp.Or(picked.Unknown(), far.End()); err != nil {
		return err
	}
	return draft.End()
}

// openInputs opens the reports, and with --join reads the record of the far end; nil without.
func openInputs(c *cli.Context, w world) (from *inlet.Reports, far *joint.Joint, err error) {
	names := inputsOf(c)
	if c.Bool("join") {
		if names, far, err = inlet.OpenJoint(c.Context, names, w.stdin); err != nil {
			return nil, nil, err
		}
	}
	from, err = inlet.Open(c.Context, names, w.stdin)
	return from, far, err
}

// ask makes the questions of --device what the report is; nil without the option.
func (o *output) ask(c *cli.Context) (*device.Questions, error) {
	if !c.IsSet("device") {
		return nil, nil
	}
	for _, other := range []string{"format", "matrix", "also", "separator", "problems"} {
		if c.IsSet(other) {
			return nil, combined("--device and --" + other)
		}
	}
	d, err := device.Named(strings.ToLower(c.String("device")))
	if err != nil {
		return nil, fmt.Errorf("option --device: %w", err)
	}
	q := device.NewQuestions(d)
	o.copies[0].Format = report.Questions(q)
	return q, nil
}

// pickOptions leave out a part of the reports.
var pickOptions = []string{"grade", "host", "only"}

// pickOf is what the user wants to see of the reports.
func pickOf(c *cli.Context) (*pick.Pick, error) {
	var words [3][]string
	for i, option := range pickOptions {
		var err error
		if words[i], err = wordsOf(c, option); err != nil {
			return nil, err
		}
	}
	return pick.Parse(words[0], words[1], words[2])
}
