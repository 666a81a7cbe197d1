// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDestinationMounted: a file that is mounted, as into a container, cannot be replaced. It
// is filled.
func TestDestinationMounted(t *testing.T) {
	folder := t.TempDir()
	path, outside := filepath.Join(folder, "report.txt"), filepath.Join(t.TempDir(), "outside.txt")
	writeFile(t, path, "", 0o644)
	writeFile(t, outside, "a longer report from before", 0o644)
	if err := unix.Mount(outside, path, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("this user may not mount a file: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(path, 0); err != nil {
			t.Error(err)
		}
	})
	if text, _ := written(t, path, "report"); text != "report" {
		t.Errorf("%q is written", text)
	}
	if text, err := os.ReadFile(outside); string(text) != "report" {
		t.Errorf("outside is %q, error %v", text, err)
	}
	if left, err := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("left are %v, error %v", left, err)
	}
}
