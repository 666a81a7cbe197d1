// SPDX-License-Identifier: Apache-2.0

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
)

// TestTemporaries: a program that ends early leaves no temporary file, and every report that
// was committed.
func TestTemporaries(t *testing.T) {
	folder := t.TempDir()
	var all Temporaries
	done := filepath.Join(folder, "done")
	for _, path := range []string{done, filepath.Join(folder, "half")} {
		to, err := Create(t.Context(), path, io.Discard, &all)
		if err != nil {
			t.Fatal(err)
		}
		defer to.Discard()
		if path != done {
			break
		}
		if err := to.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	all.Remove()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 || left[0].Name() != filepath.Base(done) {
		t.Errorf("left are %v, %v", left, err)
	}
}

// TestCommitFails: a report whose place is taken meanwhile stays where the error says, also when
// the program ends. If its folder has gone, it has gone with it.
func TestCommitFails(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	path := filepath.Join(folder, "report.txt")
	for _, isGone := range []bool{false, true} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		var all Temporaries
		to, err := Create(t.Context(), path, io.Discard, &all)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, "all of it"); err != nil {
			t.Fatal(err)
		}
		if err := to.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := take(path, isGone); err != nil {
			t.Fatal(err)
		}
		err = to.Commit()
		to.Discard()
		all.Remove()
		if err == nil || !strings.HasPrefix(err.Error(), "cannot write the report to "+path+": ") {
			t.Fatalf("error %v", err)
		}
		_, at, isKept := strings.Cut(err.Error(), "; the whole report is in ")
		if isKept == isGone || strings.Contains(err.Error(), "rename") {
			t.Errorf("error %v", err)
		}
		if text, err := os.ReadFile(at); isKept && string(text) != "all of it" {
			t.Errorf("%q, error %v", text, err)
		}
		os.RemoveAll(folder)
	}
}

// take has another program take the place of a file: by a folder, or with all of its folder.
func take(path string, all bool) error {
	if all {
		return os.RemoveAll(filepath.Dir(path))
	}
	return os.Mkdir(path, 0o755)
}

// TestUntil hands over what comes, and its end.
func TestUntil(t *testing.T) {
	text := strings.Repeat("line\n", 5000)
	got, err := io.ReadAll(Until(t.Context(), strings.NewReader(text)))
	if err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = io.WriteString(w, "a") }()
	heeds, p := Until(ctx, r), make([]byte, 8)
	if n, err := heeds.Read(p); n != 1 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	time.AfterFunc(time.Millisecond, interrupt)
	if n, err := heeds.Read(p); n != 0 || !errors.Is(err, ErrInterrupted) {
		t.Errorf("after an interrupt: %d bytes, %v", n, err)
	}
}

// TestOnto hands over what is written, and ends a write that never returns.
func TestOnto(t *testing.T) {
	var text strings.Builder
	if n, err := io.WriteString(Onto(t.Context(), &text), "line\n"); n != 5 || err != nil || text.String() != "line\n" {
		t.Errorf("%q, %d bytes, %v", text.String(), n, err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	defer r.Close()
	heeds := Onto(ctx, w)
	time.AfterFunc(time.Millisecond, interrupt)
	for range 2 {
		if n, err := io.WriteString(heeds, "no one reads this"); n != 0 || !errors.Is(err, ErrInterrupted) {
			t.Errorf("after an interrupt: %d bytes, %v", n, err)
		}
	}
}

// TestScratchClosed: what is still under way when a command ends makes no file any more.
func TestScratchClosed(t *testing.T) {
	var s Scratch
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Create(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("a file after Close: %v", err)
	}
}
