// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// options is a race on one port of two commands that print a report: the first
// is right, the second is not.
func options(t *testing.T, record, runs string) []string {
	t.Helper()
	return []string{"-hosts", "10.78.9.1", "-ports", "25", "-record", record, "-runs", runs, "--",
		"right", "echo", `{"address": "10.78.9.1", "port": 25, "verdict": "answered"}`, "--",
		"wrong", "sh", "-c", `echo '<nmaprun><host><address addr="10.78.9.1"/><ports><port portid="25"><state state="filtered"/></port></ports></host></nmaprun>'; exit 3`}
}

// TestRace runs twice, continues to three runs, and runs nothing where all is
// done.
func TestRace(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record.tsv")
	for _, step := range []struct{ runs, more, order string }{
		{"2", "4", "right wrong wrong right"},
		{"3", "2", "right wrong"},
		{"3", "0", ""},
	} {
		var table, progress bytes.Buffer
		if err := run(t.Context(), options(t, record, step.runs), &table, &progress); err != nil {
			t.Fatal(err)
		}
		var order []string
		for line := range strings.Lines(progress.String()) {
			order = append(order, strings.TrimSuffix(strings.Fields(line)[1], ":"))
		}
		if got := strings.Join(order, " "); got != step.order {
			t.Errorf("to %s runs: %q ran, want %q", step.runs, got, step.order)
		}
		for _, line := range []string{"right " + step.runs + " 0 of " + step.runs + " 0", "wrong " + step.runs + " " + step.runs + " of " + step.runs + " " + step.runs} {
			if !strings.Contains(counts(table.String()), line) {
				t.Errorf("the table does not say %q:\n%s", line, &table)
			}
		}
	}
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\t3\t\t10.78.9.1:25 filtered\n") {
		t.Errorf("the record does not say the exit code and what was wrong:\n%s", text)
	}
}

// counts is a table without its times and its memory: name, runs, wrong
// verdicts, wrong runs.
func counts(table string) string {
	var kept []string
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) == 10 {
			kept = append(kept, strings.Join([]string{f[0], f[1], f[5], f[6], f[7], f[8]}, " "))
		}
	}
	return strings.Join(kept, "\n")
}

// TestTornRecord continues a record whose last line was cut off.
func TestTornRecord(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record.tsv")
	text := columns + "\n1\tright\t0.5000\t0\t1024\t0\t\t\n1\twro"
	if err := os.WriteFile(record, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), options(t, record, "1"), io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(got, []byte("\n")); n != 3 || !bytes.HasPrefix(got, []byte(text[:strings.LastIndex(text, "1\t")])) {
		t.Errorf("want the first run kept and the second done:\n%s", got)
	}
}

// TestInterrupted ends a command that would not end, and keeps no line of it.
func TestInterrupted(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record.tsv")
	ctx, stop := context.WithCancel(t.Context())
	progress := &said{then: stop}
	args := []string{"-hosts", "10.78.9.1", "-ports", "25", "-record", record, "-runs", "2", "--",
		"quick", "echo", `{"address": "10.78.9.1", "port": 25, "verdict": "answered"}`, "--",
		"endless", "tail", "-f", "/dev/null"}
	var table bytes.Buffer
	if err := run(ctx, args, &table, progress); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(progress.text, "interrupted in run 1 of 2") {
		t.Errorf("it says %q, want that it was interrupted", progress.text)
	}
	if got := counts(table.String()); got != "quick 1 0 of 1 0" {
		t.Errorf("the table counts %q, want the one run that ended", got)
	}
}

// said keeps what is written and calls then after the first line.
type said struct {
	text string
	then func()
}

func (s *said) Write(b []byte) (int, error) {
	s.text += string(b)
	s.then()
	return len(b), nil
}

// TestMistakes asks for what cannot be, which changes no record.
func TestMistakes(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(foreign, []byte("not a record\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "record.tsv")
	base := []string{"-hosts", "10.78.9.1", "-ports", "25"}
	for want, args := range map[string][]string{
		"name another file":          {"-record", foreign, "--", "a", "true"},
		"name a file":                {"--", "a", "true"},
		"name what runs":             {"-record", fresh, "--", "a"},
		"its output is not":          {"-record", fresh, "--", "a", "true"},
		"no-such-command":            {"-record", fresh, "--", "a", "no-such-command"},
		"user no-such-user":          {"-record", fresh, "-as", "no-such-user", "--", "a", "true"},
		"false: exit status 1":       {"-record", fresh, "-before", "false", "--", "a", "true"},
		"flag provided but not defi": {"-recrod", fresh},
	} {
		err := run(t.Context(), append(base[:len(base):len(base)], args...), io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v does not say %q", args, err, want)
		}
	}
	if text, err := os.ReadFile(foreign); err != nil || string(text) != "not a record\n" {
		t.Errorf("a file that is no record was changed: %q, %v", text, err)
	}
}

func TestSummary(t *testing.T) {
	laps := []lap{
		{run: 1, name: "exreach", seconds: 1, peak: 2048, findings: "silent"},
		{run: 2, name: "exreach", seconds: 2, peak: 4096, wrong: 3, findings: "silent,shunned"},
		{run: 1, name: "nmap", seconds: 2, peak: 1024, wrong: 1},
		{run: 2, name: "nmap", seconds: 6, peak: 1024},
		{run: 3, name: "nmap", seconds: 5, peak: 1024, wrong: 2},
	}
	want := `
                  runs  median s  worst s  ports/s  wrong verdicts  wrong runs  peak MiB
         exreach     2     1.500    2.000       27         3 of 80           1       4.0
            nmap     3     5.000    6.000        8        3 of 120           2       1.0
  exreach / nmap             0.3    0.333
findings of exreach, in so many runs: shunned 1, silent 2
`
	var got strings.Builder
	got.WriteByte('\n')
	for line := range strings.Lines(summary(laps, []entrant{{name: "exreach"}, {name: "nmap"}}, 40)) {
		got.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	if got.String() != want {
		t.Errorf("got:%s\nwant:%s", &got, want)
	}
}
