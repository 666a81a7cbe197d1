// SPDX-License-Identifier: Apache-2.0

//go:build linux

// Command wan emulates a wide area network if the kernel has no netem. It joins two
// interfaces through packet sockets: everything that comes in by one goes out by the
// other, late, at a limited rate, or not at all. On SIGUSR1 and at the end it prints
// what became of the frames of each direction.
//
// Offloads must be off on the interfaces at the other ends, where the frames are
// made: otherwise a frame may be many segments, and have no checksum.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "wan: %v\n", err)
		os.Exit(1)
	}
}

// run emulates until ctx ends.
func run(ctx context.Context, args []string, log io.Writer) error {
	var w impairment
	options := flag.NewFlagSet("wan", flag.ContinueOnError)
	options.SetOutput(log)
	a := options.String("a", "", "the first `INTERFACE`")
	b := options.String("b", "", "the second `INTERFACE`")
	options.DurationVar(&w.delay, "delay", 0, "the `TIME` from one end to the other")
	options.DurationVar(&w.jitter, "jitter", 0, "at most this `TIME` more or less; the order is kept")
	options.Float64Var(&w.loss, "loss", 0, "frames lost in each direction, in `PERCENT`")
	options.DurationVar(&w.outage, "outage", 0, "the `TIME` that nothing passes, in both directions")
	options.DurationVar(&w.every, "every", 3*time.Second, "one outage in each `TIME`, at a random moment of it")
	options.Float64Var(&w.rate, "rate", 0, "`KBIT` per second of each direction; 0 is no limit")
	options.IntVar(&w.queue, "queue", 2000, "at most this `NUMBER` of frames on their way in one direction")
	options.Uint64Var(&w.seed, "seed", 0, "repeat the pattern of an earlier run; 0 is a new one")
	if err := options.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if err := w.check(); err != nil {
		return err
	}
	if w.seed == 0 {
		w.seed = uint64(time.Now().UnixNano())
	}
	lines, err := join(*a, *b, w)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "delay %v, jitter %v, loss %g %%, outages of %v every %v, rate %g kbit/s, seed %d\n", w.delay, w.jitter, w.loss, w.outage, w.every, w.rate, w.seed)
	return carry(ctx, lines, log)
}

// carry moves frames until ctx ends, and prints what it counted.
func carry(ctx context.Context, lines []*line, log io.Writer) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGUSR1)
	defer signal.Stop(asked)
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range lines {
		group.Go(func() error { return l.receive(ctx) })
		group.Go(func() error { return l.send(ctx) })
	}
	for ctx.Err() == nil {
		select {
		case <-asked:
			tell(log, lines)
		case <-ctx.Done():
		}
	}
	for _, l := range lines {
		_ = l.from.Close() // ends the read that waits there
	}
	err := group.Wait()
	tell(log, lines)
	return err
}

func tell(log io.Writer, lines []*line) {
	for _, l := range lines {
		fmt.Fprintln(log, l)
	}
}
