// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/probe"
)

func checkCommand(w world) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "check every port that a server's role needs",
		ArgsUsage: "HOST...",
		Flags:     slices.Concat(planFlags(), poolFlags(), []cli.Flag{traceFlag()}, outputFlags()),
		Action:    func(c *cli.Context) error { return check(c, w) },
	}
}

func check(c *cli.Context, w world) error {
	out, err := newOutput(c, w)
	if err != nil {
		return err
	}
	trust := probe.MachineTrust(w.env)
	var notes bytes.Buffer // an error comes alone
	hosts, err := rosterOf(c, w.stdin, &notes)
	if err != nil {
		return err
	}
	cat, err := openCatalog(c.Context, c.String("catalog"))
	if err != nil {
		return err
	}
	if err := knownWords(cat, c); err != nil {
		return err
	}
	pool, err := poolOf(c, w)
	if err != nil {
		return err
	}
	pool.Trust = trust
	if pool.Credentials, err = credentialsOf(c, w.env); err != nil {
		return err
	}
	pool.Logins = probe.NewLogins() // one for all pools of the command
	out.tracer = tracerOf(c, pool, &notes)
	plan, err := newPlanner(c, cat, hosts, out.notes)
	if err != nil {
		return err
	}
	if err := plan.rehearse(hosts); err != nil {
		return pointed(cat, err)
	}
	fmt.Fprint(out.notes, &notes)
	who := &identifier{
		taker: plan.taker(),
		notes: out.notes,
		each:  hosts.pipe == nil && hosts.named.Load() <= few,
		taken: map[string]int{},
	}
	return out.run(c.Context, pool, &survey{hosts: hosts, plan: plan, who: who})
}

// notesOf is where a command says what the user may want to know. Errors are
// no notes.
func notesOf(c *cli.Context, w world) io.Writer {
	if c.Bool("quiet") {
		return io.Discard
	}
	return w.stderr
}

func note(w io.Writer, format string, a ...any) {
	tell(w, "exreach: "+fmt.Sprintf(format, a...))
}

// positive is the value of an option that must not be less than one; 0 where
// it was not given.
func positive[T int | float64 | time.Duration](c *cli.Context, name string, value T) (T, error) {
	if c.IsSet(name) && !(value > 0) { // NaN is not, either
		return 0, hinted(seeHelp(c.Command.HelpName), "option --%s: it must be more than 0", name)
	}
	return value, nil
}
