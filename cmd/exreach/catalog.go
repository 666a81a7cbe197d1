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
	return &cli.StringFlag{Name: "catalog", Usage: "add the rows of a catalogue `FILE` of your own (YAML)"}
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
		return err
	}
	if format == "json" {
		return writeVersionJSON(w.stdout, v)
	}
	return writeServices(w.stdout, v, columnsOf(w))
}

// narrow leaves the services of one role, and of those the ones that somebody
// wants. An empty word leaves all.
func narrow(v catalog.Version, role, from string) (catalog.Version, error) {
	if role != "" {
		r, err := v.Role(role)
		if err != nil {
			return v, err
		}
		v.Roles = []catalog.Role{r}
		v.Services = slices.DeleteFunc(slices.Clone(v.Services), func(s catalog.Service) bool { return s.Role != role })
	}
	if from == "" {
		return v, nil
	}
	var known []string
	for _, f := range catalog.Froms {
		known = append(known, f.Name)
	}
	if !slices.Contains(known, from) {
		return v, &catalog.WordError{Kind: "from", Word: from, Accepted: known}
	}
	v.Services = slices.DeleteFunc(slices.Clone(v.Services), func(s catalog.Service) bool { return s.Wants[from] == "" })
	if len(v.Services) == 0 {
		return v, hinted("leave out --from to see who connects", "version %s wants nothing for %s", v.Name, from)
	}
	v.Roles = slices.DeleteFunc(slices.Clone(v.Roles), func(r catalog.Role) bool {
		return !slices.ContainsFunc(v.Services, func(s catalog.Service) bool { return s.Role == r.Name })
	})
	for i, s := range v.Services {
		v.Services[i].Wants = map[string]catalog.Want{from: s.Wants[from]}
	}
	return v, nil
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
