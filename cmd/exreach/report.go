// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/files"
	"exreach/report"
	"exreach/report/saved"
)

func reportCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "report",
		Usage:     "write a saved JSON report again, in any format",
		ArgsUsage: "FILE",
		Flags:     outputFlags(),
		Action:    func(c *cli.Context) error { return rewrite(c, w) },
	}
}

// rewrite writes a saved report in another format.
func rewrite(c *cli.Context, w world) error {
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return hinted(commandline.SeeHelp(c.Command.HelpName), "%s: name one report, or - for stdin", c.Command.HelpName)
	}
	name, from, closing, err := openReport(c.Context, c.Args().First(), w.stdin)
	if err != nil {
		return err
	}
	defer closing()
	to, err := files.Create(c.Context, out.file, out.stdout, out.temporaries)
	if err != nil {
		return err
	}
	defer to.Discard()
	var shelf files.Scratch
	defer shelf.Close()
	draft := report.NewDraft(report.Outlet{Format: out.format, To: out.format.Report(files.Onto(c.Context, to), out.style)})
	draft.Shelve(func() (report.Shelf, error) { return &shelf, shelf.Create(out.temporaries) })
	err = files.Unless(c.Context, func() error {
		if err := saved.NewReader(draft).Read(name, files.Until(c.Context, from)); err != nil {
			return err
		}
		return draft.End()
	})
	switch {
	case errors.Is(err, files.ErrInterrupted):
		return fmt.Errorf("%s: %w before the report was complete", name, files.ErrInterrupted)
	case err != nil:
		return unwritten(to, err)
	}
	out.standIn = draft.StandIn()
	return out.finish(to, draft.Counts())
}

func openReport(ctx context.Context, file string, stdin io.Reader) (name string, from io.Reader, closing func() error, err error) {
	if file == "-" {
		return "stdin", stdin, func() error { return nil }, nil
	}
	f, err := files.Open(ctx, file)
	if err != nil {
		return "", nil, nil, fmt.Errorf("cannot read the report: %w", err)
	}
	return file, f, f.Close, nil
}
