// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"os"
	"os/user"
	"runtime/debug"
	"strings"

	"github.com/urfave/cli/v2"

	"exreach/catalog"
	"exreach/cmd/internal/console"
	"exreach/cmd/internal/contact"
	"exreach/cmd/internal/listening"
	"exreach/cmd/internal/outlet"
	"exreach/cmd/internal/secret"
	"exreach/cmd/internal/survey"
	"exreach/probe/socket/rights"
)

func listenCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "listen",
		Usage:     "stand in for a server, and see what arrives",
		ArgsUsage: "[HOST]",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "version", Aliases: []string{"V"}, Usage: "stand in for this `VERSION` of Exchange: 5.5, 2010, 2019, se, ... (default se, or the newest with the role)"},
			&cli.StringSliceFlag{Name: "role", Usage: "open the ports of this `ROLE`, or of several separated by commas (default: the usual one of the version)"},
			&cli.StringFlag{Name: "config", Aliases: []string{"c"}, TakesFile: true, Usage: "take version, roles and static RPC ports of HOST from a topology `FILE` (YAML)"},
			&cli.StringSliceFlag{Name: "address", Usage: "listen at this `ADDRESS` of this machine; may be repeated (default: at every address)"},
			&cli.StringSliceFlag{Name: "allow", Usage: "also serve this address or `NETWORK` (default: private addresses only)"},
			&cli.DurationFlag{Name: "for", Usage: "end after `TIME`, such as 2h (default: at Ctrl-C)"},
			codeFileFlag("have the code in `FILE` (default: a new one, which the terminal shows)"),
			&cli.StringFlag{Name: "format", Value: "table", Usage: "write what comes as `FORMAT`: " + strings.Join(listening.Formats(), ", ") + " (default table)"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, TakesFile: true, Usage: "write it to `FILE`"},
			&cli.GenericFlag{Name: "also", Value: &outlet.Also{}, Usage: "also write it as `FORMAT=FILE`, such as json=far.json; may be repeated"},
			&cli.BoolFlag{Name: "print", Usage: "show what would be opened, and open nothing"},
			&cli.BoolFlag{Name: "reverse", Usage: "let a checker with the code have this end check back, as check --reverse asks for"},
			&cli.StringFlag{Name: "user", Usage: "when started as root, go on as this `USER` once the ports are open (default: who called sudo, or nobody)"},
			catalogFlag(),
		},
		Action: func(c *cli.Context) error { return listen(c, w) },
	}
}

// garbage is how much of a listener's memory may be garbage, in percent of the rest: hostile
// clients make much of it, and the default of 100 would double what the program takes.
const garbage = 40

func listen(c *cli.Context, w world) error {
	l, err := listenerOf(c, w)
	if err != nil {
		return err
	}
	if c.IsSet("code-file") {
		if l.Code, err = secret.OwnCode(c.Context, c.String("code-file")); err != nil {
			return err
		}
	} else if console.Of(w.stderr) != nil {
		l.Code = contact.NewCode()
	}
	at := listening.Places{Stdout: w.stdout, Temporaries: w.temporaries, Reads: inputsOf(c)}
	if f := console.Of(w.stdout); f != nil && w.env("TERM") != "dumb" && showsColour(f) {
		at.Screen = &listening.Screen{Size: func() (int, int) { return console.SizeOf(f) }}
	}
	if c.Bool("print") && c.IsSet("also") {
		return hinted("leave one of them out: --print opens nothing, and has one output", "options --print and --also: they do not go together")
	}
	if c.Bool("print") {
		return l.Print(c.Context, c.String("format"), c.String("output"), at)
	}
	l.Outputs, err = listening.Open(c.Context, c.String("format"), c.String("output"), *c.Generic("also").(*outlet.Also), at)
	if err != nil {
		return err
	}
	defer func() {
		for _, o := range l.Outputs {
			o.Discard()
		}
	}()
	debug.SetGCPercent(garbage) // it may run for days among strangers
	return l.Run(c.Context)
}

// listenerOf is the listener that the command line describes, without its code and outputs.
func listenerOf(c *cli.Context, w world) (*listening.Listener, error) {
	l := &listening.Listener{Reverse: c.Bool("reverse"), User: userOf(c.String("user"), w.env("SUDO_UID")), Drop: rights.Drop, Tool: tool(), Tell: tellingTo(w, c.IsSet("code-file"))}
	l.Machine, _ = os.Hostname()
	l.Program, _ = os.Executable()
	var err error
	if l.For, err = positive(c, "for", c.Duration("for")); err != nil {
		return nil, hinted("such as --for 2h; leave the option out to listen until Ctrl-C", "%w", err)
	}
	if err := knownUser(l.User); err != nil {
		return nil, err
	}
	if l.Addresses, err = listening.ParseAddresses(c.StringSlice("address")); err != nil {
		return nil, err
	}
	if l.Allow, err = listening.ParseAllowed(c.StringSlice("allow")); err != nil {
		return nil, err
	}
	cat, err := openCatalog(c.Context, c.String("catalog"))
	if err != nil {
		return nil, err
	}
	roles, err := rolesOf(c, cat, l.Machine)
	if err != nil {
		return nil, err
	}
	l.Catalog = cat
	l.Plan, err = listening.PlanFor(cat, roles)
	return l, err
}

// userOf is the user to become once the ports are open: the one who is named, or who called
// sudo (sudo(8), SUDO_UID). Root is never meant.
func userOf(named, sudoUID string) string {
	if sudoUID == "0" {
		sudoUID = ""
	}
	return cmp.Or(named, sudoUID)
}

// knownUser refuses a user that this machine does not have; "" is none.
func knownUser(name string) error {
	if name == "" {
		return nil
	}
	_, byName := user.Lookup(name)
	if _, byNumber := user.LookupId(name); byName != nil && byNumber != nil {
		return hinted("name a user of this machine, or leave the option out", "option --user: this machine has no user %q", catalog.Shown(name))
	}
	return nil
}

// rolesOf is the roles that the command line names for this machine, or those that a topology
// has for HOST.
func rolesOf(c *cli.Context, cat *catalog.Catalog, machine string) ([]catalog.Host, error) {
	words, err := wordsOf(c, "role")
	switch {
	case err != nil:
		return nil, err
	case c.IsSet("config") && (c.IsSet("version") || words != nil):
		return nil, hinted("write them beside the host in the file", "options --version and --role: with --config, the file sets them")
	case c.IsSet("config") && c.NArg() != 1:
		return nil, hinted("exreach listen --config "+c.String("config")+" HOST", "option --config: name one host of the file, which this machine stands in for")
	case c.IsSet("config"):
		return listening.RolesIn(c.Context, c.String("config"), c.Args().First())
	case c.Args().Present():
		return nil, hinted("to listen at one address: --address; to stand in for a host of a topology: --config FILE HOST",
			"%s takes no %q without --config", c.Command.Name, catalog.Shown(c.Args().First()))
	case words == nil:
		words = []string{""}
	}
	version := ""
	if c.IsSet("version") {
		version = survey.VersionCalled(cat, c.String("version"))
	}
	var roles []catalog.Host
	for _, word := range words {
		roles = append(roles, catalog.Host{Name: machine, Version: version, Role: word})
	}
	return roles, nil
}

// tellingTo is how a listener speaks to its user on stderr. Lines to paste are not wrapped, and
// the code appears on a terminal only: never in a file or a journal.
func tellingTo(w world, isGiven bool) listening.Telling {
	plain := w.stderr
	if wrapping, ok := plain.(console.Wrapping); ok {
		plain = wrapping.Writer
	}
	t := listening.Telling{
		Note: func(text string) { note(w.stderr, "%s", text) },
		Line: func(text string) { printLine(plain, text) },
	}
	if console.Of(w.stderr) != nil && !isGiven {
		t.Code = func(code string) { note(w.stderr, "the code of this listener, for the near end: %s", code) }
	}
	return t
}
