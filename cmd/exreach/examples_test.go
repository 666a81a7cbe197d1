// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleLine is exreach as a command: on its own, behind a pipe, or in $( ) or <( ).
// What follows a pipe or a redirection belongs to others.
var exampleLine = regexp.MustCompile(`(?m)(?:^ *|\| *|\()exreach( [^\n|>#&<)]*)?`)

// comment is what an example says of itself.
var comment = regexp.MustCompile(`(?m)(^|\s)#.*$`)

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
		shown[name] = indented(read(t, name))
	}
	t.Chdir(t.TempDir())
	ran := map[string]bool{}
	for name, text := range shown {
		found := exampleLine.FindAllStringSubmatch(comment.ReplaceAllString(text, ""), -1)
		if len(found) == 0 {
			t.Errorf("%s has no examples", name)
		}
		for _, m := range found {
			line, _, _ := strings.Cut(m[1], "  ") // what follows two blanks explains it
			if ran[line] {
				continue
			}
			ran[line] = true
			makeExampleFiles(t)
			if err := runExample(t, strings.ReplaceAll(line, "~/", "")); err != nil {
				t.Errorf("%s: exreach%s: %v", name, line, err)
			}
		}
	}
}

// indented is the lines of a help text that are set apart, without those that say how a
// command is used.
func indented(text string) string {
	var lines []string
	usage := false
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, " ") {
			usage = line == "Usage:\n" || usage && line == "\n"
			continue
		}
		if !usage {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// TestExampleLines wants every command in a text of this form to be found.
func TestExampleLines(t *testing.T) {
	const text = "Usage:\n  exreach check HOST\n\nIt does exreach things.\n\nExamples:\n  # exreach first\n  exreach a | exreach b --c 1 > file\n" +
		"  source <(exreach d bash)  # exreach\n  r=$(exreach e) || echo\n"
	var found []string
	for _, m := range exampleLine.FindAllStringSubmatch(comment.ReplaceAllString(indented(text), ""), -1) {
		found = append(found, strings.TrimSpace(m[1]))
	}
	if got := strings.Join(found, ";"); got != "a;b --c 1;d bash;e" {
		t.Errorf("found %q", got)
	}
}

func runExample(t *testing.T, line string) error {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	if strings.Contains(line, "2001:db8:") || strings.Contains(line, "192.0.2.") {
		end()
	}
	if strings.HasPrefix(line, " listen") {
		line = strings.NewReplacer(" --format jsonl", "", " --also json=far.json", "").Replace(line) + " --print" // it would open ports, and give up the rights of the test
	}
	line = strings.ReplaceAll(line, " --reverse", "")
	var stderr bytes.Buffer
	err := command(ctx, strings.Fields(strings.ReplaceAll(line, "'", "")), world{
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

// makeExampleFiles makes the files that the examples name: an example may have replaced some.
func makeExampleFiles(t *testing.T) {
	t.Helper()
	report := `{"schema": "exreach/1", "counts": {"pass": 0, "warn": 0, "fail": 0, "unknown": 0}, "results": []}`
	line := `{"schema": "exreach/2", "started": "2026-11-%d0T09:30:00Z", "machine": "%s", "from": "client", "host": "mail01", "version": "2019", "role": "mailbox", "service": "smtp-submission", ` +
		`"network": "tcp", "port": 587, "protocol": "smtp", "tls": "starttls", "want": "required", "address": "192.0.2.10", "verdict": "timed-out", "grade": "fail", "care": "pass", "step": "connect", "tries": 3, "took_s": 3, "steps": [], "detail": "no reply"}`
	for name, text := range map[string]string{
		"berlin.json":  fmt.Sprintf(line, 1, "pc-berlin"),
		"hamburg.json": fmt.Sprintf(line, 2, "pc-hamburg"),
		"vienna.json":  strings.ReplaceAll(fmt.Sprintf(line, 3, "pc-vienna"), "587", "443"),
		"near.json":    fmt.Sprintf(line, 1, "pc01"),
		"far.json": `{"schema": "exreach-listen/1", "host": "mail01", "version": "2019", "roles": ["mailbox"], "started": "2026-11-10T09:00:00Z", "now": "2026-11-10T10:00:00Z",
			"dropped": -1, "ports": [{"network": "tcp", "port": 587, "address": "::", "state": "open"}], "arrivals": []}`,
		"servers.txt":  "mail01.contoso.com\n",
		"servers.csv":  "Name,ServerRole,AdminDisplayVersion\nEX01,Mailbox,Version 15.2 (Build 1118.7)\n",
		"org.yaml":     "hosts: [{name: mail01.contoso.com, version: '2019'}, {name: cas01.contoso.com, version: '2010', role: client-access}]\n",
		"code.txt":     "ABCD-EFGH-IJKL-MNOP\n",
		"exreach.txt":  "user: CONTOSO\\alice\npassword: correct horse battery staple\n",
		"mail01.json":  report,
		"org.json":     report,
		"servers.json": fmt.Sprintf(line, 1, "pc01"),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestHelpFits wants every help text to fit a terminal of 80 columns.
func TestHelpFits(t *testing.T) {
	root := program(world{})
	asked := [][]string{}
	for _, c := range commandsBelow(root.Root, "") {
		asked = append(asked, append(strings.Fields(c.name), "--help"))
	}
	for _, topic := range root.Topics {
		asked = append(asked, []string{"help", topic.Word})
	}
	for _, args := range asked {
		var text bytes.Buffer
		if err := command(t.Context(), args, world{stdout: &text}); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		for line := range strings.Lines(text.String()) {
			if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > 80 {
				t.Errorf("%v: %d columns: %s", args, n, line)
			}
		}
	}
}
