// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// A race runs commands in turn, until each has had its runs.
type race struct {
	field    field
	entrants []entrant
	runs     int                 // of each entrant
	limit    time.Duration       // of one run
	before   string              // a shell command before each run; "" is none
	as       *syscall.Credential // the user the entrants run as; nil is that of this process
	record   *record
}

// run makes the runs that the record does not have yet. An interrupt ends it without
// an error, and the run under way does not count.
func (r *race) run(ctx context.Context, progress io.Writer) error {
	for n := 1; n <= r.runs; n++ {
		for _, e := range inTurn(r.entrants, n) {
			if r.record.has(e.name, n) {
				continue
			}
			l, err := r.lap(ctx, e)
			if ctx.Err() != nil {
				fmt.Fprintf(progress, "interrupted in run %d of %d: the record is kept\n", n, r.runs)
				return nil
			}
			if err != nil {
				return fmt.Errorf("run %d of %s: %w", n, e.name, err)
			}
			l.run = n
			if err := r.record.add(l); err != nil {
				return err
			}
			fmt.Fprintf(progress, "%d/%d %s: %.2f s, %d wrong %s\n", n, r.runs, l.name, l.seconds, l.wrong, l.which)
		}
	}
	return nil
}

// inTurn returns the entrants in the order of run n. The order alternates, so what
// one command leaves behind in the network does not always meet the same other command.
func inTurn(entrants []entrant, n int) []entrant {
	order := slices.Clone(entrants)
	if n%2 == 0 {
		slices.Reverse(order)
	}
	return order
}

// lap runs one entrant once.
func (r *race) lap(ctx context.Context, e entrant) (lap, error) {
	if r.before != "" {
		if said, err := exec.CommandContext(ctx, "sh", "-c", r.before).CombinedOutput(); err != nil {
			return lap{}, fmt.Errorf("%s: %w: %s", r.before, err, said)
		}
	}
	ctx, stop := context.WithTimeout(ctx, r.limit)
	defer stop()
	return e.run(ctx, r.field, r.as)
}
