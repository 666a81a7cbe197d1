// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/console"
	"exreach/cmd/internal/survey"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/table"
)

func catalogCommand(w world) *cli.Command {
	return &cli.Command{
		Name:  "catalog",
		Usage: "look up what should be reachable, and why",
		Subcommands: []*cli.Command{
			{
				Name:   "list",
				Usage:  "list the versions, their roles and who connects",
				Flags:  []cli.Flag{catalogFlag()},
				Action: func(c *cli.Context) error { return listCatalog(c, w) },
			},
			{
				Name:      "show",
				Usage:     "show every service of a version",
				ArgsUsage: "VERSION [ROLE]",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "from", Usage: "show only what `WHO` wants: client, internet, mailbox, admin, ..."},
					&cli.StringFlag{Name: "format", Value: "table", Usage: "write `FORMAT`: " + strings.Join(report.CatalogFormatNames(), " or ") + " (default table)"},
					catalogFlag(),
				},
				Action: func(c *cli.Context) error { return showCatalog(c, w) },
			},
		},
	}
}

// catalogFlag adds the user's own rows, in commands that read the catalogue.
func catalogFlag() cli.Flag {
	return &cli.StringFlag{Name: "catalog", TakesFile: true, Usage: "add the services of your own catalogue `FILE` (YAML)"}
}

func listCatalog(c *cli.Context, w world) error {
	if err := noOperands(c); err != nil {
		return err
	}
	cat, err := openCatalog(c.Context, c.String("catalog"))
	if err != nil {
		return err
	}
	versions, err := cat.Versions()
	if err != nil {
		return err
	}
	return table.WriteVersions(w.stdout, versions, content.Style{Width: columnsOf(w)})
}

func showCatalog(c *cli.Context, w world) error {
	if c.NArg() == 0 || c.NArg() > 2 {
		return hinted("exreach catalog list names them", "%s: name a version, and a role if you like", c.Command.HelpName)
	}
	format, err := report.FormatNamed(strings.ToLower(c.String("format")), report.CatalogFormatNames())
	if err != nil {
		return err
	}
	cat, err := openCatalog(c.Context, c.String("catalog"))
	if err != nil {
		return err
	}
	v, err := cat.Version(survey.VersionCalled(cat, c.Args().First()))
	if err != nil {
		return err
	}
	role := strings.ToLower(c.Args().Get(1))
	does, why := survey.DoneBy(cat, v, role, catalog.DefaultFrom)
	v, err = v.Narrow(role, strings.ToLower(c.String("from")))
	switch {
	case err != nil && does != "":
		return hinted(fmt.Sprintf("%s: exreach catalog show %s %s", why, v.Name, does), "%w", err)
	case err != nil:
		return survey.Pointed(cat, err)
	}
	return format.Catalog(w.stdout, v, content.Style{Width: columnsOf(w)})
}

// columnsOf is how wide a text for people may be, in columns: as wide as the terminal,
// within limits of what is easy to read.
func columnsOf(w world) int {
	const least, widest = 60, 110
	return min(max(cmp.Or(console.WidthFor(console.Of(w.stdout), w.env), widest), least), widest)
}
