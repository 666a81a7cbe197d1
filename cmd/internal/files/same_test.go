// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSameFile: two reports in one file would leave only the last of them.
func TestSameFile(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	old, fresh := filepath.Join(folder, "old.html"), filepath.Join(folder, "new.html")
	if err := os.WriteFile("old.html", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir("below", 0o700); err != nil {
		t.Fatal(err)
	}
	tests := map[[2]string]bool{
		{old, "./old.html"}:               true,
		{"old.html", "below/../old.html"}: true,
		{fresh, "./new.html"}:             true,
		{"new.html", "below/new.html"}:    false,
		{"old.html", "new.html"}:          false,
		{"no/new.html", "no/new.html"}:    false, // there is no such folder, and the error says that
		{os.DevNull, os.DevNull}:          false,
	}
	if os.Symlink("old.html", "link.html") == nil && os.Symlink("new.html", "nowhere.html") == nil && os.Symlink(".", "here") == nil {
		tests[[2]string{"link.html", "old.html"}] = true
		tests[[2]string{"nowhere.html", "new.html"}] = true
		tests[[2]string{"nowhere.html", "old.html"}] = false
		tests[[2]string{"here/new.html", "new.html"}] = true
	}
	if os.Link("old.html", "hard.html") == nil {
		tests[[2]string{"hard.html", "old.html"}] = true
	}
	for paths, want := range tests {
		if got := SameFile(paths[0], paths[1]); got != want {
			t.Errorf("%q and %q: %t, want %t", paths[0], paths[1], got, want)
		}
		if got := SameFile(paths[1], paths[0]); got != want {
			t.Errorf("%q and %q: %t, want %t", paths[1], paths[0], got, want)
		}
	}
	for system, want := range map[string]bool{"windows": true, "darwin": true, "linux": false} {
		if got := sameName("Report.html", "report.HTML", system); got != want {
			t.Errorf("capitals on %s: %t, want %t", system, got, want)
		}
	}
}

// TestIsAt: what a shell redirects stdout to is a file that --output may name as well.
func TestIsAt(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := os.Create("stdout.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !IsAt(f, "./stdout.txt") || !IsAt(&ErrWriter{Writer: f}, "stdout.txt") {
		t.Error("an open file is not found at its path")
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if IsAt(f, "other.txt") || IsAt(nil, "stdout.txt") || IsAt(null, os.DevNull) {
		t.Error("found at a path where it is not")
	}
}
