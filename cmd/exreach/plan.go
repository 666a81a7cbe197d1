// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/files"
	"exreach/probe/protocol"
)

// planFlags choose what is checked.
func planFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "version", Aliases: []string{"V"}, Usage: "the `VERSION` of Exchange: 5.5, 2010, 2019, se, ... (default auto: what the host reports)"},
		&cli.StringFlag{Name: "role", Usage: "the `ROLE` of the hosts in that version (default auto: each whose services answer)"},
		&cli.StringFlag{Name: "from", Usage: "`WHO` connects: client, internet, mailbox, admin, ... (default client)"},
		&cli.StringFlag{Name: "hosts", Usage: "read the hosts from `FILE`, one per line; - is stdin"},
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: "read the hosts from a topology `FILE` (YAML)"},
		&cli.StringSliceFlag{Name: "only", Usage: "check only these `WORDS`: services, protocols or ports, separated by commas"},
		&cli.StringSliceFlag{Name: "skip", Usage: "leave out these `WORDS`"},
		&cli.StringFlag{Name: "catalog", Usage: "add the services of your own catalogue `FILE` (YAML)"},
	}
}

// fromOf is who connects, where the command line says so.
func fromOf(c *cli.Context) string { return strings.ToLower(c.String("from")) }

// openCatalog returns the catalogue, with the rows of a user's file in it.
func openCatalog(ctx context.Context, file string) (*catalog.Catalog, error) {
	cat, err := catalog.Open()
	if err != nil || file == "" {
		return cat, err
	}
	f, err := files.Open(ctx, file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogue: %w", err)
	}
	defer f.Close()
	stop := files.SaveMemory(f)
	defer stop()
	return cat, cat.Add(file, files.Until(ctx, f), slices.Sorted(maps.Keys(protocol.Table)))
}

// knownWords makes sure of the words before a host is blamed for them.
func knownWords(cat *catalog.Catalog, c *cli.Context) error {
	version, role := strings.ToLower(c.String("version")), strings.ToLower(c.String("role"))
	k := taker{cat: cat, from: cmp.Or(fromOf(c), catalog.DefaultFrom)}
	given := version != "" && version != catalog.Auto
	if !given {
		version = k.newestWith(role)
	}
	v, err := cat.Version(version)
	if err != nil {
		return &mistake{err, "a version is a year, or 4.0 to 5.5, se or online, without its update and build: --version 2019"}
	}
	if role == "" || role == catalog.Auto {
		return nil
	}
	_, err = v.Role(role)
	if err == nil {
		return nil
	}
	return roleMistake(v, role, k.from, given, fmt.Errorf("version %s: %w", v.Name, err))
}

// roleMistake names the role that was meant, where the version does not have the one that
// was given.
func roleMistake(v catalog.Version, role, from string, versionGiven bool, err error) error {
	called := cmp.Or(otherRoles[role], role)
	meant := v.RoleLike(called, from)
	_, lacks := v.Role(called)
	switch {
	case called != role && (!versionGiven || lacks == nil):
		return &mistake{err, "did you mean --role " + called + "?"}
	case meant == "":
		return err
	}
	return &mistake{err, fmt.Sprintf("in version %s the role %s does that: --role %s, or --role auto for every role whose services answer", v.Name, meant, meant)}
}

// otherRoles is what people call roles.
var otherRoles = map[string]string{
	"cas": "client-access", "mbx": "mailbox", "ht": "hub", "transport": "hub", "dc": "domain-controller", "gc": "domain-controller", "ad": "domain-controller",
	"fe": "front-end", "be": "back-end",
}

// wordsOf is the words of an option that may be given more than once. A comma at
// the end does no harm; an option without any word is a slip, most often of a
// script whose variable is empty, and must not stand for everything.
func wordsOf(c *cli.Context, option string) ([]string, error) {
	var words []string
	for _, word := range c.StringSlice(option) {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			words = append(words, word)
		}
	}
	if c.IsSet(option) && len(words) == 0 {
		return nil, hinted("name services, protocols or ports, such as --"+option+" smtp,443; leave the option out to check everything",
			"option --%s: it names no service", option)
	}
	return words, nil
}

// filterOf is what --only and --skip leave.
func filterOf(c *cli.Context) (filter, error) {
	only, err := wordsOf(c, "only")
	if err != nil {
		return filter{}, err
	}
	skip, err := wordsOf(c, "skip")
	return filter{only: only, skip: skip}, err
}
