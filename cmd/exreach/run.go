// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"exreach/probe"
)

// A world is everything outside the program that a command may touch.
type world struct {
	env    func(string) string
	lookup probe.LookupFunc // finds the addresses of names; nil is exreach's own resolver
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// An outcome ends a command that did its work and has nothing more to say.
type outcome int

const (
	notAsWanted outcome = 1 // at least one check failed
	cannotTell  outcome = 2 // nothing failed, but not everything could be told
)

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// run does what args ask for and returns the exit code.
func run(ctx context.Context, args []string, w world) int {
	err := command(ctx, args, w)
	var o outcome
	switch {
	case err == nil:
		return 0
	case errors.As(err, &o):
		return int(o)
	}
	complain(w.stderr, err)
	return 2
}

// A mistake is an error that knows how to put it right.
type mistake struct {
	error
	hint string
}

func (m *mistake) Unwrap() error { return m.error }

// hinted is fmt.Errorf with a hint for the user.
func hinted(hint, format string, a ...any) error {
	return &mistake{fmt.Errorf(format, a...), hint}
}

// complain tells the user what went wrong, and what to do about it.
func complain(w io.Writer, err error) {
	fmt.Fprintf(w, "exreach: %v\n", err)
	if m := (*mistake)(nil); errors.As(err, &m) {
		fmt.Fprintf(w, "hint: %s\n", m.hint)
	}
}
