// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"

	"exreach/cmd/internal/console"
	"exreach/cmd/internal/files"
	"exreach/cmd/internal/survey"
	"exreach/probe/lookup"
	"exreach/probe/protocol/wire"
)

// A world is everything outside the program that a command may touch.
type world struct {
	env    func(string) string
	lookup lookup.Func // finds the addresses of names; nil is exreach's own resolver
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer

	temporaries *files.Temporaries // of the commands; nil if they outlive the program
	ignorePipe  func()             // keeps the program alive when no one reads stdout any more; nil if it stays alive anyway
}

// An outcome is the error of a command that did its work: run exits with its code and
// prints no message.
type outcome int

const (
	notAsWanted  outcome = 1 // at least one check failed
	undetermined outcome = 2 // nothing failed, but not everything could be determined
)

func (o outcome) Error() string { return fmt.Sprintf("exit code %d", int(o)) }

// run does what args ask for and returns the exit code. A report that could not be
// written to stdout is a failure, whatever the checks found.
func run(ctx context.Context, args []string, w world) int {
	out := &files.ErrWriter{Writer: w.stdout}
	w.stdout = out
	w.stderr = console.Wrapping{Writer: w.stderr, Width: console.WidthFor(console.Of(w.stderr), w.env)}
	err := command(ctx, args, w)
	var o outcome
	if unwritten := out.Err(); unwritten != nil && (err == nil || err == unwritten || errors.As(err, &o)) {
		err = fmt.Errorf("cannot write to stdout: %w", unwritten)
	}
	switch {
	case err == nil:
		return 0
	case errors.As(err, &o):
		return int(o)
	}
	complain(w.stderr, err)
	return 2
}

// hinted is fmt.Errorf with a hint for the user.
func hinted(hint, format string, a ...any) error {
	return &survey.Mistake{Err: fmt.Errorf(format, a...), Hint: hint}
}

// complain writes what went wrong, and what to do about it.
func complain(w io.Writer, err error) {
	lines := []string{err.Error()}
	if m := (*survey.Mistakes)(nil); errors.As(err, &m) {
		lines = m.Lines
	}
	printLine(w, "exreach: "+lines[0])
	for _, line := range lines[1:] {
		printLine(w, line)
	}
	if m := (*survey.Mistake)(nil); errors.As(err, &m) {
		printLine(w, "hint: "+m.Hint)
	}
}

// longestMessage is how much of a line printLine writes, in bytes.
const longestMessage = 8 << 10

// password is a user and a password in a URL.
var password = regexp.MustCompile(`://[^\s"]*@`)

// printLine writes a line for a terminal, made printable and without passwords: a path or an
// argument may contain anything, such as the end of a line.
func printLine(w io.Writer, text string) {
	fmt.Fprintln(w, wire.Printable(password.ReplaceAllString(text, "://***@"), longestMessage))
}
