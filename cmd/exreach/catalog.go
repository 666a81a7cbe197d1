// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
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
	v, err := cat.Version(versionCalled(cat, c.Args().First()))
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
		return pointed(cat, err)
	}
	return format.Catalog(w.stdout, v, content.Style{Width: columnsOf(w)})
}

// versionCalled returns the catalogue's word for a version: 2019 for Exchange2019 or the
// build 15.2.1118.7. A word that means none, or more than one, comes back as it is.
func versionCalled(cat *catalog.Catalog, word string) string {
	if called, _ := cat.Releases().VersionsCalled(word); len(called) == 1 {
		return called[0]
	}
	return strings.ToLower(strings.TrimSpace(word))
}

// columnsOf is how wide a text for people may be, in columns: as wide as the terminal,
// within limits of what is easy to read.
func columnsOf(w world) int {
	const least, widest = 60, 110
	return min(max(cmp.Or(console.WidthFor(console.Of(w.stdout), w.env), widest), least), widest)
}

// pointed adds a hint to a catalog.NothingError, which says that a role has no service for
// a from: the hint names where that from has services. Other errors stay as they are.
func pointed(cat *catalog.Catalog, err error) error {
	var nothing *catalog.NothingError
	if !errors.As(err, &nothing) {
		return err
	}
	const asServer = "mailbox" // domain controllers and the like are there for servers; server itself is one of 5.5
	if (slices.Contains(catalog.SupportRoles, nothing.Role) || nothing.From == "server") && slices.Contains(nothing.Only, asServer) {
		return hinted("to check it as an Exchange server sees it: --from "+asServer, "%w", err)
	}
	places, placesErr := cat.RolesFor(nothing.From)
	if placesErr != nil || len(places) == 0 {
		return err
	}
	return hinted(hintTo(places, nothing), "%w", err)
}

// hintTo names the place that the user most likely meant: the only place, the only
// version, or the same role in the newest version that has it. Else it lists versions.
func hintTo(places []catalog.VersionRole, nothing *catalog.NothingError) string {
	var versions []string
	for _, p := range places {
		if !slices.Contains(versions, p.Version) {
			versions = append(versions, p.Version)
		}
	}
	same := slices.IndexFunc(places, func(p catalog.VersionRole) bool { return p.Role == nothing.Role })
	place := ""
	switch {
	case len(places) == 1:
		place = places[0].Version + " " + places[0].Role
	case len(versions) == 1:
		place = versions[0]
	case same >= 0:
		place = places[same].Version + " " + nothing.Role
	default:
		return fmt.Sprintf("the versions that have something for %s: %s", nothing.From, strings.Join(versions, ", "))
	}
	return fmt.Sprintf("exreach catalog show %s --from %s shows what %[2]s connects to", place, nothing.From)
}
