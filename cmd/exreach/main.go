// SPDX-License-Identifier: Apache-2.0

// Go's defaults for TLS keep it from old Exchange servers. exreach must reach such
// servers to report on them, so the settings below change the defaults:
//
//   - Windows Server 2003 to 2008 issued themselves certificates with small keys
//     and negative serial numbers. exreach accepts both.
//   - Schannel of Windows Server 2012 and older may sign a handshake with SHA-1.
//     exreach accepts that.
//   - A post-quantum key share makes the first message longer than one packet, and old
//     load balancers and firewalls drop that (https://tldr.fail). exreach sends no such
//     key share; neither does Outlook.
//
//go:debug rsa1024min=0
//go:debug x509negativeserial=1
//go:debug tlssha1=1
//go:debug tlsmlkem=0
//go:debug tlssecpmlkem=0

// Command exreach reports whether every port that a Microsoft Exchange server's
// role needs is reachable from here, whether the right service answers on it,
// and if not, what stopped it and where.
//
// This package reads flags, the environment and files, connects the other
// packages, prints, and exits. It decides nothing about Exchange, networks or
// formats: it words what survey and report found. Its only goroutine waits for
// a second Ctrl-C: all others are survey's work. Nothing may import it. The
// rules of its output:
//
//   - stdout is the report and nothing else. Notes, progress and errors go to
//     stderr; progress only to a terminal; --quiet leaves the errors.
//   - A line on stderr begins with "exreach: ", has no capital and no full stop.
//   - An error says what failed and why, and at most one line "hint: " says
//     what to do.
//   - Exit code 0 means that everything is as wanted, 1 that something is not,
//     and 2 that this could not be determined or that the command was wrong.
//     Only run decides it.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"exreach/cmd/internal/files"
)

// heapGrowth is how far the heap grows beyond what is in use before Go collects garbage,
// in per cent (GOGC). A run of one host is over before a collection is worth while.
const heapGrowth = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(heapGrowth)
	}
	ctx, _ := signal.NotifyContext(context.Background(), endings(signal.Ignored)...) // heeds signals to the end
	temporaries := &files.Temporaries{}
	context.AfterFunc(ctx, func() { endAtNext(temporaries) })
	var stdout io.Writer = os.Stdout
	if wasClosed(os.Stdin, os.Stdout, os.Stderr) {
		stdout = closed{}
	}
	w := world{env: os.Getenv, stdin: os.Stdin, stdout: stdout, stderr: os.Stderr, temporaries: temporaries, ignorePipe: ignorePipe}
	code := run(ctx, os.Args[1:], w)
	if len(os.Args) == 1 && ownsConsole() {
		keepOpen(ctx, w)
	}
	os.Exit(code)
}

// endAtNext waits for the second Ctrl-C, which ends the program at once.
func endAtNext(left *files.Temporaries) {
	again := make(chan os.Signal, 1)
	signal.Notify(again, endings(signal.Ignored)...)
	<-again
	left.Remove()
	os.Exit(int(undetermined))
}

// ignorePipe makes a write to a pipe that no one reads an error, instead of the end of the program.
func ignorePipe() { signal.Ignore(syscall.SIGPIPE) }

// endings returns the signals that end a run. It leaves out those that were ignored when
// the program started: nohup ignores SIGHUP.
func endings(ignored func(os.Signal) bool) []os.Signal {
	return slices.DeleteFunc([]os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}, ignored)
}

// closed is a stdout that was closed before the program began.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, os.ErrClosed }
