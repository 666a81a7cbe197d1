// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// planFlags choose what is checked.
func planFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "version", Aliases: []string{"V"}, Usage: "the `VERSION` of Exchange: 5.5, 2010, 2019, se, ... (default auto: what the host admits to)"},
		&cli.StringFlag{Name: "role", Usage: "the `ROLE` of the hosts in that version (default mailbox, or the only one)"},
		&cli.StringFlag{Name: "from", Usage: "`WHO` connects: client, internet, mailbox, admin, ... (default client)"},
		&cli.StringFlag{Name: "config", Aliases: []string{"c"}, Usage: "take the hosts from a topology `FILE` (YAML)"},
		&cli.StringSliceFlag{Name: "only", Usage: "check only these `WORDS`: services, protocols or ports, with commas between them"},
		&cli.StringSliceFlag{Name: "skip", Usage: "leave out these `WORDS`"},
		&cli.StringFlag{Name: "catalog", Usage: "add the rows of a catalogue `FILE` of your own (YAML)"},
	}
}

// fromOf is who connects, where the command line says so.
func fromOf(c *cli.Context) string { return strings.ToLower(c.String("from")) }

// planOf turns hosts whose versions are known into the checks that are asked for.
func planOf(c *cli.Context, cat *catalog.Catalog, t catalog.Topology, notes io.Writer) ([]catalog.Check, error) {
	plan, err := cat.Plan(t, fromOf(c))
	if err != nil {
		return nil, err
	}
	noteDefaults(c, plan[0], notes)
	noteUnasked(cat, plan, notes)
	f := filter{only: wordsOf(c, "only"), skip: wordsOf(c, "skip")}
	if plan, err = f.apply(plan); err != nil || len(f.only) > 0 { // who names ports wants no other
		return plan, err
	}
	return append(plan, catalog.Controls(plan)...), nil
}

// topologyOf is the hosts that the arguments or the topology file name, and the
// catalogue that knows them.
func topologyOf(c *cli.Context, notes io.Writer) (catalog.Topology, *catalog.Catalog, error) {
	t, err := namedHosts(c, notes)
	if err != nil {
		return t, nil, err
	}
	cat, err := openCatalog(c.String("catalog"))
	if err != nil {
		return t, nil, err
	}
	return t, cat, knownWords(cat, c)
}

func namedHosts(c *cli.Context, notes io.Writer) (catalog.Topology, error) {
	if !c.IsSet("config") {
		return argumentHosts(c, notes)
	}
	for _, name := range []string{"version", "role"} {
		if c.IsSet(name) {
			return catalog.Topology{}, hinted("write it beside the host in the file", "option --%s: with --config the file says it", name)
		}
	}
	if c.Args().Present() {
		return catalog.Topology{}, hinted("name hosts there or here", "host %q: with --config the file names the hosts", c.Args().First())
	}
	return readTopology(c.String("config"))
}

// argumentHosts is the hosts of the command line, each once.
func argumentHosts(c *cli.Context, notes io.Writer) (catalog.Topology, error) {
	var t catalog.Topology
	seen := map[string]bool{}
	for _, word := range c.Args().Slice() {
		name, err := parseHost(word)
		if err != nil {
			return t, err
		}
		key := strings.ToLower(name)
		if seen[key] {
			note(notes, "host %s is named twice, and checked once", name)
			continue
		}
		seen[key] = true
		t.Hosts = append(t.Hosts, catalog.Host{
			Name:    name,
			Version: strings.ToLower(c.String("version")),
			Role:    strings.ToLower(c.String("role")),
		})
	}
	if len(t.Hosts) == 0 {
		return t, hinted("exreach check mail01.contoso.com, or exreach demo to see one without a server", "there is no host to check")
	}
	return t, nil
}

func readTopology(name string) (catalog.Topology, error) {
	f, err := os.Open(name)
	if err != nil {
		return catalog.Topology{}, fmt.Errorf("cannot read the topology: %w", err)
	}
	defer f.Close()
	t, err := catalog.LoadTopology(name, f)
	if err != nil {
		return t, err
	}
	for i, h := range t.Hosts {
		if t.Hosts[i].Name, err = parseHost(h.Name); err != nil {
			return t, fmt.Errorf("%s: %w", h.Origin, err)
		}
	}
	return t, nil
}

// openCatalog returns the catalogue, with the rows of a user's file in it.
func openCatalog(file string) (*catalog.Catalog, error) {
	cat, err := catalog.Open()
	if err != nil || file == "" {
		return cat, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("cannot read the catalogue: %w", err)
	}
	defer f.Close()
	return cat, cat.Add(file, f, slices.Sorted(maps.Keys(protocol.Table)))
}

// knownWords makes sure of the words before a host is blamed for them.
func knownWords(cat *catalog.Catalog, c *cli.Context) error {
	version, role := strings.ToLower(c.String("version")), strings.ToLower(c.String("role"))
	if version == "" || version == catalog.Auto {
		version = newestWith(cat, role)
	}
	v, err := cat.Version(version)
	if err != nil || role == "" {
		return err
	}
	if _, err := v.Role(role); err != nil {
		return fmt.Errorf("version %s: %w", v.Name, err)
	}
	return nil
}

// wordsOf is the words of an option that may be given more than once.
func wordsOf(c *cli.Context, option string) []string {
	var words []string
	for _, word := range c.StringSlice(option) {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// noteDefaults says what was not asked for and is done all the same.
func noteDefaults(c *cli.Context, first catalog.Check, notes io.Writer) {
	var taken []string
	for _, option := range []struct{ name, value string }{
		{"role", first.Service.Role}, {"from", first.From},
	} {
		if !c.IsSet(option.name) && !c.IsSet("config") {
			taken = append(taken, "--"+option.name+" "+option.value)
		}
	}
	if len(taken) > 0 {
		note(notes, "checking as %s (by default)", strings.Join(taken, " "))
	}
}

// noteUnasked says how much of what is wanted no check is made of.
func noteUnasked(cat *catalog.Catalog, plan []catalog.Check, notes io.Writer) {
	told := map[[2]string]bool{}
	for _, c := range plan {
		role := [2]string{c.Version, c.Service.Role}
		if n := unasked(cat, c); n > 0 && !told[role] {
			note(notes, "%s of the catalogue cannot be asked from outside: exreach catalog show %s %s says why", plural(n, "row"), c.Version, c.Service.Role)
		}
		told[role] = true
	}
}

// unasked is how many rows of the same role the same from wants, and no check
// is made of.
func unasked(cat *catalog.Catalog, c catalog.Check) int {
	v, err := cat.Version(c.Version)
	if err != nil {
		return 0
	}
	n := 0
	for _, s := range v.Services {
		if s.Role == c.Service.Role && s.Unasked != "" && s.Wants[c.From] != "" {
			n++
		}
	}
	return n
}
