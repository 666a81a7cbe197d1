// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"exreach/catalog"
	"exreach/cmd/internal/contact"
	"exreach/probe"
	"exreach/report"
	"exreach/report/content"
	"exreach/report/judge"
)

// TestTerminal looks at what a terminal of 60 columns gets to see.
func TestTerminal(t *testing.T) {
	saved := savedReport(t)
	const green = "\x1b[32m"
	for _, c := range []struct {
		name    string
		options []string
		env     string
		colored bool
	}{
		{"by itself", nil, "", true},
		{"NO_COLOR", nil, "NO_COLOR", false},
		{"NO_COLOR and --color always", []string{"--color", "always"}, "NO_COLOR", true},
		{"--color never", []string{"--color", "never"}, "", false},
		{"beside files", []string{"--output", os.DevNull, "--also", "table=-", "--quiet"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			screen := onTerminal(t, func(tty *os.File) {
				w := world{env: only(c.env), stdout: tty, stderr: tty}
				if code := run(t.Context(), append([]string{"report", saved}, c.options...), w); code != 0 {
					t.Errorf("exit code %d", code)
				}
			})
			if strings.Contains(screen, green) != c.colored {
				t.Errorf("coloured: %v\n%q", !c.colored, screen)
			}
			for line := range strings.Lines(strings.NewReplacer(green, "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(screen)) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\r\n")); n > 60 {
					t.Errorf("%d columns: %q", n, line)
				}
			}
		})
	}
}

// TestProgressOnTerminal looks for the line of the progress, which goes back to
// its beginning without a new one. Lines of JSON on the same terminal are
// progress enough.
func TestProgressOnTerminal(t *testing.T) {
	for _, c := range []struct {
		options []string
		shown   bool
	}{
		{nil, true},
		{[]string{"--quiet"}, false},
		{[]string{"--format", "jsonl"}, false},
		{[]string{"--format", "jsonl", "--output", filepath.Join(t.TempDir(), "lines")}, true},
		{[]string{"--output", os.DevNull, "--also", "jsonl=-"}, false},
	} {
		screen := onTerminal(t, func(tty *os.File) {
			args := append([]string{"check", "::1", "--source", "127.0.0.1"}, c.options...) // asks nobody
			if code := run(t.Context(), args, world{env: only(""), stdout: tty, stderr: tty}); code != 2 {
				t.Errorf("%v: exit code %d", c.options, code)
			}
		})
		if strings.Contains(strings.ReplaceAll(screen, "\r\n", ""), "\r") != c.shown {
			t.Errorf("%v: progress shown: %v\n%q", c.options, !c.shown, screen)
		}
	}
}

// TestNotesOnTerminal wants errors and notes to fit a terminal of 60 columns, in the same
// words as in a file, where each stays a line.
func TestNotesOnTerminal(t *testing.T) {
	for _, args := range [][]string{
		{"check", "mail01", "--from", "workstation"},
		{"check", "::1", "--source", "127.0.0.1", "--version", "2019", "--domain", "contoso.example"}, // asks nobody
	} {
		var file bytes.Buffer
		if code := run(t.Context(), args, world{env: only(""), stdout: io.Discard, stderr: &file}); code != 2 {
			t.Fatalf("%v: exit code %d", args, code)
		}
		screen := onTerminal(t, func(tty *os.File) {
			run(t.Context(), args, world{env: only(""), stdout: io.Discard, stderr: tty})
		})
		for line := range strings.Lines(screen) {
			line = line[strings.LastIndexByte(strings.TrimRight(line, "\r\n"), '\r')+1:] // behind the progress
			if n := len(strings.TrimRight(line, "\r\n")); n > 60 {
				t.Errorf("%v: %d columns: %q", args, n, line)
			}
			if !strings.HasPrefix(line, "exreach: ") && !strings.HasPrefix(line, "hint: ") && !strings.HasPrefix(line, "  ") && strings.TrimSpace(line) != "" {
				t.Errorf("%v: %q does not continue a line", args, line)
			}
		}
		for line := range strings.Lines(file.String()) {
			if got := strings.Join(strings.Fields(screen), " "); !strings.Contains(got, strings.TrimSpace(line)) {
				t.Errorf("%v: the screen lacks %q:\n%s", args, line, screen)
			}
		}
	}
	var file bytes.Buffer
	columns := func(string) string { return "50" }
	run(t.Context(), []string{"check", "mail01", "--from", "pc"}, world{env: columns, stderr: &file, stdout: io.Discard})
	for line := range strings.Lines(file.String()) {
		if len(line) > 50 {
			t.Errorf("COLUMNS=50: %q", line)
		}
	}
}

// TestAskedForCodes wants a run of several listeners to ask for each code, until the user has
// had enough; and a question that is left alone to be the last.
func TestAskedForCodes(t *testing.T) {
	for name, test := range map[string]struct {
		typed []string
		wait  time.Duration
		hosts int // of three that were asked for
		shown string
	}{
		"Enter": {[]string{"\r", "\r", "\r"}, time.Minute, 3, "q: ask no more"},
		"q":     {[]string{"\r", "q\r"}, time.Minute, 2, "q: ask no more"},
		"alone": {nil, 10 * time.Millisecond, 1, "no code was typed in time"},
	} {
		t.Run(name, func(t *testing.T) {
			screen := typingOnTerminal(t, test.typed, func(tty *os.File) {
				a := &asker{in: tty, screen: tty, wait: test.wait}
				for i := range 3 {
					if code, _ := a.ask(t.Context(), contact.Listener{Host: fmt.Sprintf("far%d.example", i), Of: 1}); !code.IsZero() {
						t.Error("a code came of nothing")
					}
				}
			})
			if n := strings.Count(screen, "code of the listener at far"); n != test.hosts || !strings.Contains(screen, test.shown) {
				t.Errorf("asked for %d, want %d\n%s", n, test.hosts, screen)
			}
		})
	}
}

// only is an environment with one variable that is set, and a terminal that can
// show colours.
func only(name string) func(string) string {
	return func(asked string) string {
		switch {
		case asked == "TERM":
			return "xterm"
		case asked == name && name != "":
			return "1"
		}
		return ""
	}
}

// savedReport is a report of one service that answered.
func savedReport(t *testing.T) string {
	t.Helper()
	service := catalog.Service{Name: "smtp", Role: "mailbox", Network: catalog.TCP, Ports: catalog.Ports{First: 25, Last: 25}, Protocol: "smtp"}
	result := probe.Result{
		Check:   catalog.Check{Host: "mail01", Version: "2019", Service: service, From: "client", Want: catalog.Required},
		Port:    25,
		Address: netip.MustParseAddr("192.0.2.1"),
		Verdict: probe.Answered,
		Detail:  "220 " + strings.Repeat("wide ", 40),
	}
	name := filepath.Join(t.TempDir(), "report.json")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	format, err := report.FormatNamed("json", report.FormatNames())
	if err != nil {
		t.Fatal(err)
	}
	draft := report.NewDraft(report.Outlet{Format: format, To: format.Report(f, content.Style{})})
	draft.Know(1, content.NewRun("exreach", "client", time.Unix(0, 0)))
	for host := range judge.Hosts(t.Context(), slices.Values([]probe.HostResults{{Results: []probe.Result{result}}}), time.Unix(0, 0), nil) {
		if err := draft.Add(host); err != nil {
			t.Fatal(err)
		}
	}
	if err := draft.End(); err != nil {
		t.Fatal(err)
	}
	return name
}

// onTerminal returns what show wrote to a pseudo-terminal (pty(7)).
func onTerminal(t *testing.T, show func(tty *os.File)) string {
	t.Helper()
	return typingOnTerminal(t, nil, show)
}

// hidden says if a terminal reads a line and does not show it.
func hidden(fd int) bool {
	mode, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	return err != nil || mode.Lflag&(unix.ICANON|unix.ECHO) == unix.ICANON
}

// typingOnTerminal is onTerminal with a user, who types something at each prompt.
func typingOnTerminal(t *testing.T, typed []string, show func(tty *os.File)) string {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this machine gives no pseudo-terminal: %v", err)
	}
	defer screen.Close()
	fd := int(screen.Fd())
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 60})
	}
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan string)
	go func() {
		var text bytes.Buffer
		for some := make([]byte, 4096); ; {
			n, err := screen.Read(some) // ends with EIO once the other side is closed
			if text.Write(some[:n]); err != nil {
				break
			}
			if len(typed) > 0 && bytes.HasSuffix(text.Bytes(), []byte("): ")) {
				for !hidden(fd) { // a key that comes before is not yet the terminal's to understand
					time.Sleep(time.Millisecond)
				}
				_, _ = screen.WriteString(typed[0])
				typed = typed[1:]
			}
		}
		seen <- text.String()
	}()
	show(tty)
	_, _ = screen.WriteString("\r") // for a read that was given up, and keeps the terminal open
	tty.Close()
	return <-seen
}
