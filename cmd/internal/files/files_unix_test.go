// SPDX-License-Identifier: Apache-2.0

//go:build unix

package files

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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

// written has the destination take a text, and returns what stands there then.
func written(t *testing.T, path, text string) (string, os.FileInfo) {
	t.Helper()
	to, err := Create(t.Context(), path, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Discard()
	if _, err := io.WriteString(to, text); err != nil {
		t.Fatal(err)
	}
	if err := to.Commit(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(got), info
}

// TestDestinationFull: where another user's file cannot take the whole report, the
// temporary one that has it stays, and the error says where.
func TestDestinationFull(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("only Linux has a file that is always full: %v", err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "report.tmp"))
	if err != nil {
		t.Fatal(err)
	}
	d := &Destination{Writer: f, path: full, file: f, temporary: true, keep: true}
	if _, err := io.WriteString(d, "all of it"); err != nil {
		t.Fatal(err)
	}
	err = d.Commit()
	d.Discard()
	if err == nil || !strings.HasSuffix(err.Error(), "; the whole report is in "+f.Name()) {
		t.Errorf("error %v", err)
	}
	if kept, err := os.ReadFile(f.Name()); string(kept) != "all of it" {
		t.Errorf("what stays is %q, error %v", kept, err)
	}
}

// TestDestinationKeeps the mode and the owner of a file, and every link.
func TestDestinationKeeps(t *testing.T) {
	folder, elsewhere := t.TempDir(), t.TempDir()
	file := filepath.Join(folder, "report.txt")
	for _, mode := range []os.FileMode{0o600, 0o644, 0o666, 0o664, 0o640} {
		writeFile(t, file, "before", mode)
		if os.Geteuid() == 0 {
			if err := os.Chown(file, 12345, 54321); err != nil {
				t.Fatal(err)
			}
		}
		text, info := written(t, file, "after")
		whose, _ := OwnerOf(info)
		if text != "after" || info.Mode().Perm() != mode || os.Geteuid() == 0 && whose != (Owner{12345, 54321}) {
			t.Errorf("mode %o: %q, %v, %v", mode, text, info.Mode(), whose)
		}
	}
	for name, target := range map[string]string{
		"to a file": file, "to nothing": filepath.Join(elsewhere, "new.txt"), "relative": "relative.txt",
	} {
		link := filepath.Join(folder, name)
		again := link + " again"
		for from, to := range map[string]string{link: target, again: filepath.Base(link)} {
			if err := os.Symlink(to, from); err != nil {
				t.Fatal(err)
			}
		}
		text, info := written(t, again, name)
		if text != name || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: %q, and the link is %v", name, text, info.Mode())
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: the second link is %v, %v", name, info, err)
		}
	}
	round := filepath.Join(folder, "round")
	if err := os.Symlink("round", round); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(t.Context(), round, io.Discard, nil); err == nil || !strings.Contains(err.Error(), "too many") {
		t.Errorf("a link to itself: %v", err)
	}
	for _, dir := range []string{folder, elsewhere} {
		left, err := filepath.Glob(filepath.Join(dir, "*.tmp"))
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// TestCreateWaits: a pipe has no reader yet. An interrupt and a deadline end the wait.
func TestCreateWaits(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	late := errors.New("too late")
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	over, stop := context.WithDeadlineCause(t.Context(), time.Now(), late)
	defer stop()
	for ctx, want := range map[context.Context]error{interrupted: ErrInterrupted, over: late} {
		if _, err := Create(ctx, pipe, io.Discard, nil); !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "cannot write the report to "+pipe) {
			t.Errorf("error %v, want %v", err, want)
		}
		if _, err := Create(ctx, os.DevNull, io.Discard, nil); err != nil {
			t.Errorf("%s has no reader to wait for: %v", os.DevNull, err)
		}
	}
}

// TestDestinationNamed: a report may have the longest name that the system allows, and Create
// says that a longer one is too long.
func TestDestinationNamed(t *testing.T) {
	longest := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	if text, _ := written(t, longest, "report"); text != "report" {
		t.Errorf("%q is written", text)
	}
	if _, err := Create(t.Context(), longest+"n", io.Discard, nil); err == nil {
		t.Error("there is no error")
	}
}
