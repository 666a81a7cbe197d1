// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// complaint is what a command that is wrong writes to stderr.
func complaint(t *testing.T, args ...string) string {
	t.Helper()
	var said strings.Builder
	w := world{env: func(string) string { return "" }, stdin: strings.NewReader(""), stdout: io.Discard, stderr: &said}
	if code := run(t.Context(), args, w); code != 2 {
		t.Errorf("%.100q: exit code %d", args, code)
	}
	return said.String()
}

// TestNamesForgeNoLines: no name of a file and no argument ends the line in which it is told.
func TestNamesForgeNoLines(t *testing.T) {
	const forged = "a\nexreach: forged\x1b[31m"
	lines := [][]string{
		{"check", "--hosts", forged}, {"check", "--config", forged}, {"check", "mail01", "--catalog", forged}, {"check", "mail01:1", "--credentials", forged},
		{"check", "mail01:1", "-o", filepath.Join(forged, "x")}, {"report", forged}, {"check", forged}, {"check", "mail01", "--only", forged}, {"check", "--" + forged}, {forged},
	}
	if runtime.GOOS != "windows" { // which has no such names
		for option, text := range map[string]string{"--hosts": "a b\na b\n", "--config": "hosts: []\n", "--catalog": "x: y\n"} {
			file := filepath.Join(t.TempDir(), forged)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"check", option, file}
			if option == "--catalog" {
				args = append(args, "mail01")
			}
			lines = append(lines, args)
		}
	}
	for _, args := range lines {
		if said := complaint(t, args...); !strings.HasPrefix(said, "exreach: ") || strings.Contains(said, "\nexreach: ") || strings.Contains(said, "\x1b") {
			t.Errorf("%q: %s", args, said)
		}
	}
}

// TestLongArguments: a message repeats enough of an argument to find it.
func TestLongArguments(t *testing.T) {
	long := strings.Repeat("long.", 2000)
	for _, args := range [][]string{
		{long}, {"check", long}, {"check", "--" + long}, {"check", long, "--hosts", "x"}, {"trace", long}, {"report", long}, {"version", long}, {"help", long}, {"completion", long},
		{"catalog", long}, {"catalog", "show", long}, {"catalog", "show", "2019", long}, {"check", "mail01", "--only", long, "--skip", long},
		{"check", "--hosts", long}, {"check", "--config", long}, {"check", "mail01", "-o", long},
		{"check", "mail01", "--timeout", strings.Repeat("4", 8000)}, {"check", "mail01", "--limit", strings.Repeat("4", 8000)},
	} {
		if said := complaint(t, args...); len(said) > 600 {
			t.Errorf("%.100q: %d bytes: %.700s", args, len(said), said)
		}
	}
	for _, option := range []string{"version", "role", "from", "port", "only", "skip", "catalog", "credentials", "source", "domain", "format", "color", "width", "timeout", "rate", "limit"} {
		if said := complaint(t, "check", "mail01", "--"+option, long); len(said) > 600 {
			t.Errorf("--%s: %d bytes: %.700s", option, len(said), said)
		}
	}
}
