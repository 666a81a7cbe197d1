// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// writeFile makes a file with a mode, whatever the umask.
func writeFile(t *testing.T, name, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// TestCredentialsKept: a file that others could put another one in the place of,
// or that is another's.
func TestCredentialsKept(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "credentials")
	writeFile(t, file, "user: a\npassword: b\n", 0o600)
	for mode, says := range map[os.FileMode]string{
		0o755: "", 0o700: "", 0o500: "", 0o1777 | os.ModeSticky: "",
		0o777: "others can put another file in its place (mode 0777 of the folder ",
		0o757: "others can put another file in its place (mode 0757 of the folder ",
	} {
		if err := os.Chmod(folder, mode&os.ModePerm|mode&os.ModeSticky); err != nil {
			t.Fatal(err)
		}
		_, err := readCredentials(t.Context(), file)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("folder %v: error %v, want %q", mode, err, says)
		}
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if _, err := readCredentials(t.Context(), link); err != nil {
		t.Errorf("by a link: %v", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	if err := os.Chown(file, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := readCredentials(t.Context(), file); err == nil || !strings.Contains(err.Error(), "it belongs to another user (number 12345)") {
		t.Errorf("another's file: %v", err)
	}
	if err := errors.Join(os.Chown(file, 0, 0), os.Chown(folder, 12345, 12345)); err != nil {
		t.Fatal(err)
	}
	if _, err := readCredentials(t.Context(), file); err == nil || !strings.Contains(err.Error(), "belongs to another user (number 12345), who can put another file in its place") {
		t.Errorf("another's folder: %v", err)
	}
}

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
