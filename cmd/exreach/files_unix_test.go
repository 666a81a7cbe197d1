// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestPipesHeedInterrupts gives a named pipe where a file belongs: one without a
// writer, and one whose writer stays silent. Ctrl-C must end the read of both.
func TestPipesHeedInterrupts(t *testing.T) {
	for _, held := range []bool{false, true} {
		pipe := filepath.Join(t.TempDir(), "pipe")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		held1, err := os.OpenFile(pipe, os.O_RDWR, 0) // lets go of what hangs in the end
		if err != nil {
			t.Fatal(err)
		}
		if !held {
			held1.Close()
		}
		for _, args := range [][]string{
			{"report", pipe}, {"report", pipe, "--format", "jsonl"}, {"check", "--config", pipe}, {"check", "--hosts", pipe},
			{"check", "localhost", "--catalog", pipe}, {"check", "localhost", "--credentials", pipe}, {"catalog", "list", "--catalog", pipe},
		} {
			ctx, interrupt := context.WithCancel(t.Context())
			interrupt()
			var said strings.Builder
			code := run(ctx, append([]string{"exreach"}, args...), world{env: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: io.Discard, stderr: &said})
			if code != 2 {
				t.Errorf("%v: exit code %d, %s", args, code, said.String())
			}
		}
		last, err := os.OpenFile(pipe, os.O_RDWR, 0) // lets go of what waits to open it
		if err != nil {
			t.Fatal(err)
		}
		last.Close()
		held1.Close()
	}
}

// TestEndings wants a signal that was ignored when the program started, as nohup
// does with SIGHUP, to stay ignored.
func TestEndings(t *testing.T) {
	nohup := func(s os.Signal) bool { return s == syscall.SIGHUP }
	if got := endings(nohup); !slices.Equal(got, []os.Signal{os.Interrupt, syscall.SIGTERM}) {
		t.Errorf("%v", got)
	}
	if got := endings(func(os.Signal) bool { return false }); !slices.Contains(got, os.Signal(syscall.SIGHUP)) {
		t.Errorf("%v", got)
	}
}
