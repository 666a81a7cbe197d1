// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/files"
	"exreach/report"
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

// rewrite writes a saved report in another format. If the format is not Whole, it writes
// while it reads. A Whole format needs the totals first, so it reads the text twice, and
// holds only a report whose hosts are scattered in it in memory.
func rewrite(c *cli.Context, w world) error {
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return hinted(seeHelp(c.Command.HelpName), "%s: name one report, or - for stdin", c.Command.HelpName)
	}
	name, from, closing, err := openReport(c.Context, c.Args().First(), w.stdin)
	if err != nil {
		return err
	}
	defer closing()
	if !out.format.Whole {
		return out.write(func(to report.Writer) (report.Report, error) {
			return report.Copy(name, files.Until(c.Context, from), to)
		})
	}
	text := files.Replayable(c.Context, from)
	defer text.Close()
	saved, err := report.Look(name, text)
	if kept := (*files.KeepError)(nil); errors.As(err, &kept) {
		return hinted("save the report to a file, and name that", "%w", err)
	}
	if err != nil {
		return err
	}
	if !saved.Scattered {
		return out.render(saved.Streamed(text.Again))
	}
	stop := files.SaveMemory(from)
	defer stop()
	sorted, err := saved.Sorted(text.Again())
	if err != nil {
		return err
	}
	return out.render(sorted)
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
