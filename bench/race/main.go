// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command race runs port checkers in turn on the same ports, whose state it
// knows. It measures their time and counts their wrong verdicts.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const usage = `usage: race [OPTION...] -- NAME COMMAND ARGUMENT... [-- NAME COMMAND ARGUMENT...]

Runs the commands in turn, in changing order, -runs times each, and writes one line about each run into the record. A
command must print what exreach (--format json or jsonl) or nmap (-oX -) prints. An existing record is continued: after an
interrupt the same command line does the rest.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "race: %v\n", err)
		os.Exit(1)
	}
}

// run does what args ask for. The table goes to stdout, progress to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	options := flag.NewFlagSet("race", flag.ContinueOnError)
	options.SetOutput(stderr)
	options.Usage = func() {
		fmt.Fprint(stderr, usage)
		options.PrintDefaults()
	}
	var r race
	var hosts, dead, ports, dropped, user, record string
	options.StringVar(&hosts, "hosts", "", "ask these `ADDRESSES`, separated by commas; or @ and the name of a file with one on each line")
	options.StringVar(&ports, "ports", "", "ask these TCP `PORTS` of each, separated by commas")
	options.StringVar(&dead, "dead", "", "the `ADDRESSES` at which every port is dropped")
	options.StringVar(&dropped, "dropped", "", "the `PORTS` that are dropped at every host; all others are open")
	options.StringVar(&user, "as", "", "run the commands as this `USER`")
	options.StringVar(&r.before, "before", "", "run this shell `COMMAND` before each run, as the user of race")
	options.StringVar(&record, "record", "", "the `FILE` of the record")
	options.IntVar(&r.runs, "runs", 1, "run each command this `NUMBER` of times")
	options.DurationVar(&r.limit, "limit", 10*time.Minute, "end a run after this `TIME`; what it has not reported by then is wrong")
	if err := options.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	var err error
	if r.field, err = newField(hosts, dead, ports, dropped); err != nil {
		return err
	}
	if r.entrants, err = entrantsOf(options.Args()); err != nil {
		return err
	}
	if r.as, err = credentialOf(user); err != nil {
		return err
	}
	if r.record, err = openRecord(record); err != nil {
		return err
	}
	defer r.record.file.Close()
	err = r.run(ctx, stderr)
	fmt.Fprint(stdout, summary(r.record.laps, r.entrants, r.field.size()))
	return err
}

// entrantsOf reads the names and commands after the options.
func entrantsOf(words []string) ([]entrant, error) {
	var all []entrant
	for _, part := range strings.Split(strings.Join(words, "\x00"), "\x00--\x00") {
		name, command, _ := strings.Cut(part, "\x00")
		if command == "" {
			return nil, fmt.Errorf("%q: name what runs, then its command; -- stands between two of them", name)
		}
		all = append(all, entrant{name, strings.Split(command, "\x00")})
	}
	return all, nil
}
