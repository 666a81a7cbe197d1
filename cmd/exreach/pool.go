// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"net/netip"
	"time"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/commandline"
	"exreach/cmd/internal/machine"
	"exreach/cmd/internal/secret"
	"exreach/cmd/internal/survey"
	"exreach/probe"
	"exreach/probe/lookup"
)

// poolFlags choose how to check.
func poolFlags() []cli.Flag {
	return []cli.Flag{
		&cli.DurationFlag{Name: "timeout", Usage: "allow each check `TIME` in all, and a silent one a few seconds more (default 20s)"},
		&cli.DurationFlag{Name: "deadline", Usage: "end the run after `TIME`; what is not finished by then is untried (default: no limit)"},
		resolveFlag(),
		&cli.DurationFlag{Name: "connect-timeout", Usage: "give up on a host that has not answered after `TIME` (default 3.5s)"},
		&cli.IntFlag{Name: "tries", Usage: "call a port timed-out after this `NUMBER` of tries (default: chosen from the measured packet loss)"},
		&cli.IntFlag{Name: "limit", Usage: "open at most this `NUMBER` of connections at once (default 1024)"},
		&cli.IntFlag{Name: "per-host", Usage: "connect and talk to at most this `NUMBER` of ports of one host at once (default 48)"},
		&cli.Float64Flag{Name: "rate", Usage: "open at most this `NUMBER` of connections a second (default: no limit)"},
		&cli.BoolFlag{Name: "gentle", Usage: "check the ports of a host one after the other, at most two connections a second"},
		&cli.StringFlag{Name: "domain", Usage: "ask DNS servers for the MX and Autodiscover records of this mail `DOMAIN`"},
		// There is no flag for the password itself: everyone on the machine can read a command line.
		&cli.StringFlag{Name: "credentials", TakesFile: true, Usage: "also log in, with the credentials in `FILE`, or from the environment (" + secret.Environment + ")"},
		&cli.BoolFlag{Name: "reverse", Usage: "have the listeners check this machine too (exreach listen --reverse): opens every port of the role that --from names here, until the check is over"},
		codeFileFlag("read the codes of listeners from `FILE` (default: EXREACH_CODE, or asked for on the terminal)"),
		&cli.StringFlag{Name: "source", Usage: "connect from `ADDRESS`, one of this machine's"},
		&cli.BoolFlag{Name: "4", Usage: "use IPv4 only"},
		&cli.BoolFlag{Name: "6", Usage: "use IPv6 only"},
		&cli.BoolFlag{Name: "trace", Usage: "for each timed-out port, show the last hop that its packets reach (Linux)"},
	}
}

// resolveFlag is for commands that look names up.
func resolveFlag() cli.Flag {
	return &cli.DurationFlag{Name: "resolve-timeout", Usage: "give up on a name that no name server has answered for after `TIME` (default 15s)"}
}

// poolOf makes the pool that the options describe. The caller adds trust and credentials.
func poolOf(c *cli.Context, w world) (*probe.Pool, error) {
	shared := probe.Shared{Gentle: c.Bool("gentle")}
	p := probe.Pool{Shared: &shared}
	var errs [7]error
	p.Timeouts.Check, errs[0] = positive(c, "timeout", c.Duration("timeout"))
	p.Timeouts.Connect, errs[1] = positive(c, "connect-timeout", c.Duration("connect-timeout"))
	p.Timeouts.Resolve, errs[6] = positive(c, "resolve-timeout", c.Duration("resolve-timeout"))
	p.Tries, errs[2] = positive(c, "tries", c.Int("tries"))
	shared.Limit, errs[3] = positive(c, "limit", c.Int("limit"))
	shared.PerHost, errs[4] = positive(c, "per-host", c.Int("per-host"))
	shared.Rate, errs[5] = positive(c, "rate", c.Float64("rate"))
	if err := cmp.Or(errs[:]...); err != nil {
		return nil, err
	}
	family, err := familyOf(c)
	if err != nil {
		return nil, err
	}
	if c.IsSet("domain") {
		if p.Domain, err = survey.ParseHost(c.String("domain")); err != nil {
			return nil, fmt.Errorf("option --domain: %w", err)
		}
	}
	if c.IsSet("source") {
		if p.Source, err = sourceOf(c.String("source"), family); err != nil {
			return nil, err
		}
		family = cmp.Or(family, lookup.FamilyOf(p.Source))
	}
	p.Resolver = &lookup.Resolver{Family: family, Lookup: w.lookup}
	return &p, nil
}

// familyOf returns IPv4 or IPv6 if the user wants only that, and "" for both.
func familyOf(c *cli.Context) (lookup.Family, error) {
	switch {
	case c.Bool("4") && c.Bool("6"):
		return "", hinted("leave both out to use every address", "options -4 and -6: they cannot be combined")
	case c.Bool("4"):
		return lookup.IPv4, nil
	case c.Bool("6"):
		return lookup.IPv6, nil
	}
	return "", nil
}

// sourceOf returns the address that --source names, if this machine can connect from it.
func sourceOf(word string, family lookup.Family) (netip.Addr, error) {
	addr, err := netip.ParseAddr(word)
	switch addr = addr.Unmap(); {
	case err == nil && family != "" && lookup.FamilyOf(addr) != family:
		return addr, hinted("leave one of them out", "option --source: option -%s excludes %s", family.Digit(), addr)
	case err == nil && addr.IsUnspecified():
		return addr, hinted("name one of this machine's, or leave the option out", "option --source: %s is every address", addr)
	}
	return machine.Address("source", word)
}

// positive returns an option's value, which must be more than 0; 0 if it was not given.
func positive[T int | float64 | time.Duration](c *cli.Context, name string, value T) (T, error) {
	if c.IsSet(name) && !(value > 0) { // refuses NaN, too
		return 0, hinted(commandline.SeeHelp(c.Command.HelpName), "option --%s: it must be more than 0", name)
	}
	return value, nil
}
