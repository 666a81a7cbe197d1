// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
)

var showFormats = []string{"table", "json"}

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
					&cli.StringFlag{Name: "format", Usage: "write `FORMAT`: " + strings.Join(showFormats, " or ") + " (default table)"},
					catalogFlag(),
				},
				Action: func(c *cli.Context) error { return showCatalog(c, w) },
			},
		},
	}
}

// catalogFlag adds the user's own rows, for whatever reads the catalogue.
func catalogFlag() cli.Flag {
	return &cli.StringFlag{Name: "catalog", Usage: "add the services of your own catalogue `FILE` (YAML)"}
}

func listCatalog(c *cli.Context, w world) error {
	if err := noOperands(c); err != nil {
		return err
	}
	cat, err := openCatalog(c.Context, c.String("catalog"))
	if err != nil {
		return err
	}
	return writeCatalog(w.stdout, cat, columnsOf(w))
}

func showCatalog(c *cli.Context, w world) error {
	if c.NArg() == 0 || c.NArg() > 2 {
		return hinted("exreach catalog list names them", "%s: name a version, and a role if you like", c.Command.HelpName)
	}
	format := strings.ToLower(c.String("format"))
	if c.IsSet("format") && !slices.Contains(showFormats, format) {
		return &catalog.WordError{Kind: "format", Word: format, Accepted: showFormats}
	}
	cat, err := openCatalog(c.Context, c.String("catalog"))
	if err != nil {
		return err
	}
	v, err := cat.Version(strings.ToLower(c.Args().First()))
	if err != nil {
		return err
	}
	if v, err = narrow(v, strings.ToLower(c.Args().Get(1)), strings.ToLower(c.String("from"))); err != nil {
		return pointed(cat, err)
	}
	if format == "json" {
		return writeVersionJSON(w.stdout, v)
	}
	return writeServices(w.stdout, v, columnsOf(w))
}

// columnsOf is how wide a text for people may be: as the terminal, within what
// can be read well.
func columnsOf(w world) int {
	const narrowest, widest = 60, 110
	if f := terminal(w.stdout); f != nil && widthOf(f) > 0 {
		return min(max(widthOf(f), narrowest), widest)
	}
	return widest
}
