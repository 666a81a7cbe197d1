// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleLine is a line in which exreach is a command, on its own or behind a pipe.
// What follows a pipe or a redirection belongs to others.
var exampleLine = regexp.MustCompile(`(?m)^ *(?:[^#\n]*\| )?exreach( [^\n|>#&<]*)?`)

// TestExamples runs every command line that the help and README show. No name has
// an address there, and what names an address is interrupted before it begins, so
// that nobody is asked anything.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("help/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no help texts", err)
	}
	shown := map[string]string{"README.md": strings.Join(fenced(t, "../../README.md", "sh"), "")}
	for _, name := range files {
		_, shown[name], _ = strings.Cut(read(t, name), "\nExamples:\n")
	}
	inExampleFolder(t)
	for name, text := range shown {
		found := exampleLine.FindAllStringSubmatch(text, -1)
		if len(found) == 0 {
			t.Errorf("%s has no examples", name)
		}
		for _, m := range found {
			if err := runExample(t, strings.ReplaceAll(m[1], "~/", "")); err != nil {
				t.Errorf("%s: exreach%s: %v", name, m[1], err)
			}
		}
	}
}

func runExample(t *testing.T, line string) error {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	if strings.Contains(line, "[2001:db8:") {
		end()
	}
	var stderr bytes.Buffer
	err := command(ctx, strings.Fields(line), world{
		env: func(name string) string {
			return map[string]string{"EXREACH_USER": "alice", "EXREACH_PASSWORD": "correct horse"}[name]
		},
		lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		},
		stdin:  strings.NewReader("mail01.contoso.com\n"),
		stdout: io.Discard,
		stderr: &stderr,
	})
	if errors.As(err, new(outcome)) || errors.As(err, new(*net.DNSError)) {
		return nil
	}
	return err
}

// inExampleFolder makes the files that the examples name, and goes there.
func inExampleFolder(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	report := `{"schema": "exreach/1", "counts": {"pass": 0, "warn": 0, "fail": 0, "unknown": 0}, "results": []}`
	for name, text := range map[string]string{
		"servers.txt": "mail01.contoso.com\n",
		"servers.csv": "Name,ServerRole,AdminDisplayVersion\nEX01,Mailbox,Version 15.2 (Build 1118.7)\n",
		"org.yaml":    "hosts: [{name: mail01.contoso.com, version: '2019'}]\n",
		"exreach.txt": "user: CONTOSO\\alice\npassword: correct horse battery staple\n",
		"mail01.json": report,
		"org.json":    report,
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
