// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Where nothing can be kept, that is said. A short text needs no file.
func TestReplayWithoutDisk(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	t.Setenv("TMP", filepath.Join(t.TempDir(), "missing"))
	long := Replayable(t.Context(), strings.NewReader(strings.Repeat("220 ", fewBytes)))
	_, err := io.Copy(io.Discard, long)
	if k := (*KeepError)(nil); !errors.Is(err, os.ErrNotExist) || !errors.As(err, &k) || !strings.HasPrefix(err.Error(), "cannot keep what comes through the pipe: ") {
		t.Errorf("got %v", err)
	}
	if err := long.Close(); err != nil {
		t.Error(err)
	}
	short := Replayable(t.Context(), strings.NewReader("short"))
	if _, err := io.ReadAll(short); err != nil {
		t.Error(err)
	}
	if text, err := io.ReadAll(short.Again()); string(text) != "short" || err != nil {
		t.Errorf("read again: %q, %v", text, err)
	}
}

// A file that grows meanwhile is read as far as it went in the beginning, and one of
// whose first line has been read, from there.
func TestReplayGrowing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.jsonl")
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("before\nnow\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(int64(len("before\n")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	r := Replayable(t.Context(), f)
	if _, err := f.WriteAt([]byte("later\n"), int64(len("before\nnow\n"))); err != nil {
		t.Fatal(err)
	}
	for _, from := range []io.Reader{r, r.Again(), r.Again()} {
		if text, err := io.ReadAll(from); string(text) != "now\n" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	}
}
