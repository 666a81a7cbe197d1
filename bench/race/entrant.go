// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

// An entrant is a command that is measured, and its name in the record.
type entrant struct {
	name    string
	command []string
}

// A lap is one run of an entrant: a line of the record.
type lap struct {
	run      int // from 1
	name     string
	seconds  float64 // from start to end of the process
	wrong    int     // verdicts that are wrong or missing
	which    string  // some of the wrong ones: "10.0.0.1:25 silent"
	peak     int64   // of its memory, in KiB
	exit     int     // its exit code; -1 where a signal ended it
	findings string  // codes of its findings
}

// run runs the command once, as that user, and measures the whole process. An exit code
// is no error: exreach has one for a port that is not as wanted. run reads the output
// when the process is over, so reading does not slow it down.
func (e entrant) run(ctx context.Context, f field, as *syscall.Credential) (l lap, err error) {
	output, err := os.CreateTemp("", "race-")
	if err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, output.Close(), os.Remove(output.Name())) }()
	var stderr tail
	command := e.prepare(ctx, as)
	command.Stdout, command.Stderr = output, &stderr
	began := time.Now()
	err = command.Run()
	took := time.Since(began)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return l, err
	}
	if _, err := output.Seek(0, io.SeekStart); err != nil {
		return l, err
	}
	t := newTally(f)
	if err := t.read(output); err != nil && ctx.Err() == nil {
		return l, fmt.Errorf("its output is not understood: %w; on stderr: %s", err, stderr)
	}
	return lap{
		name:     e.name,
		seconds:  took.Seconds(),
		wrong:    t.wrong(),
		which:    t.examples(),
		peak:     command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss,
		exit:     command.ProcessState.ExitCode(),
		findings: t.codes(),
	}, nil
}

// prepare gives the command a bare environment, and a process group of its own:
// Ctrl-C is for the race, which ends what it started.
func (e entrant) prepare(ctx context.Context, as *syscall.Credential) *exec.Cmd {
	command := exec.CommandContext(ctx, e.command[0], e.command[1:]...)
	command.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/"}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
	return command
}

// A tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(b []byte) (int, error) {
	const kept = 500
	*t = append(*t, b...)
	*t = (*t)[max(0, len(*t)-kept):]
	return len(b), nil
}

// credentialOf returns a user's ids, without the groups of this process; nil for "".
func credentialOf(name string) (*syscall.Credential, error) {
	if name == "" {
		return nil, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("option -as: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("option -as: user id: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("option -as: group id: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
