// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"

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

func rewrite(c *cli.Context, w world) error {
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	if c.NArg() != 1 {
		return hinted(seeHelp(c.Command.HelpName), "%s: name one report, or - for stdin", c.Command.HelpName)
	}
	r, err := readReport(c.Args().First(), w.stdin)
	if err != nil {
		return err
	}
	return out.render(r)
}

func readReport(name string, stdin io.Reader) (report.Report, error) {
	if name == "-" {
		return report.Read("stdin", stdin)
	}
	f, err := os.Open(name)
	if err != nil {
		return report.Report{}, fmt.Errorf("cannot read the report: %w", err)
	}
	defer f.Close()
	return report.Read(name, f)
}
