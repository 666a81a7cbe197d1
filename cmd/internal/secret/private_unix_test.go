// SPDX-License-Identifier: Apache-2.0

//go:build unix

package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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
		_, err := Credentials(t.Context(), file, nil)
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
	if _, err := Credentials(t.Context(), link, nil); err != nil {
		t.Errorf("by a link: %v", err)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	if err := os.Chown(file, 12345, 12345); err != nil {
		t.Fatal(err)
	}
	if _, err := Credentials(t.Context(), file, nil); err == nil || !strings.Contains(err.Error(), "it belongs to another user (number 12345)") {
		t.Errorf("another's file: %v", err)
	}
	if err := errors.Join(os.Chown(file, 0, 0), os.Chown(folder, 12345, 12345)); err != nil {
		t.Fatal(err)
	}
	if _, err := Credentials(t.Context(), file, nil); err == nil || !strings.Contains(err.Error(), "belongs to another user (number 12345), who can put another file in its place") {
		t.Errorf("another's folder: %v", err)
	}
}
