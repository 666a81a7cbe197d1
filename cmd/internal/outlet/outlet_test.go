// SPDX-License-Identifier: Apache-2.0

package outlet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"exreach/cmd/internal/files"
	"exreach/report/content"
)

func parse(t *testing.T, output string, also ...string) Copies {
	t.Helper()
	copies, err := Parse("json", output, also)
	if err != nil {
		t.Fatal(err)
	}
	return copies
}

// write writes a text to each of the copies.
func write(t *testing.T, d *Delivery, text string) {
	t.Helper()
	for _, w := range d.writers {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
}

// TestComplete: no file appears before all of them are complete.
func TestComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	copies := parse(t, "", "jsonl=second.jsonl", "table=third.txt")
	var stdout bytes.Buffer
	d, err := copies.Open(t.Context(), &stdout, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, d, "report")
	if left := visible(t); len(left) > 0 {
		t.Errorf("before Commit there are %v", left)
	}
	if err := d.Commit(); err != nil {
		t.Fatal(err)
	}
	d.Discard()
	if got := visible(t); !slices.Equal(got, []string{"second.jsonl", "third.txt"}) || stdout.String() != "report" {
		t.Errorf("after Commit there are %v, and stdout has %q", got, &stdout)
	}
	if _, err := parse(t, "", "jsonl=new.jsonl", "table=missing/new.txt").Open(t.Context(), &stdout, nil); err == nil {
		t.Error("a file in a folder that does not exist is opened")
	}
	d, err = parse(t, "fourth.json", "jsonl=fifth.jsonl").Open(t.Context(), &stdout, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.destinations[1].Discard() // as if its file system failed
	if err := d.Commit(); err == nil || !strings.HasPrefix(err.Error(), "cannot write the report to fifth.jsonl: ") {
		t.Errorf("error %v", err)
	}
	d.Discard()
	if got := visible(t); len(got) != 2 {
		t.Errorf("left are %v", got)
	}
}

// visible is the files of the folder without those that are still being written.
func visible(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".tmp") {
			names = append(names, e.Name())
		}
	}
	return names
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestLenient: files are complete although no one reads stdout any more, which is an error all
// the same. Without files the report ends there.
func TestLenient(t *testing.T) {
	t.Chdir(t.TempDir())
	d, err := parse(t, "", "jsonl=run.jsonl").Open(t.Context(), broken{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Discard()
	write(t, d, "report")
	if err := d.Commit(); err == nil || err.Error() != "cannot write the report to stdout: broken pipe" {
		t.Errorf("error %v", err)
	}
	if text, err := os.ReadFile("run.jsonl"); string(text) != "report" {
		t.Errorf("%q, %v", text, err)
	}
	alone, err := parse(t, "").Open(t.Context(), broken{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(alone.writers[0], "report"); err == nil || err.Error() != "cannot write the report to stdout: broken pipe" {
		t.Errorf("alone: error %v", err)
	}
}

// TestEndWith: an interrupt ends the writing.
func TestEndWith(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	d, err := parse(t, "").Open(ctx, io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	d.EndWith(ctx)
	interrupt()
	if _, err := io.WriteString(d.writers[0], "report"); !errors.Is(err, files.ErrInterrupted) {
		t.Errorf("error %v", err)
	}
}

// TestCommitFails: a file that cannot be put in its place stays where the error says, and does
// not keep the others from theirs.
func TestCommitFails(t *testing.T) {
	t.Chdir(t.TempDir())
	d, err := parse(t, "first.json", "jsonl=second.jsonl", "table=third.txt", "csv=fourth.csv").Open(t.Context(), io.Discard, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, d, "report")
	for _, name := range []string{"second.jsonl", "fourth.csv"} { // another program takes the names meanwhile
		if err := os.Mkdir(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err = d.Commit()
	d.Discard()
	said := regexp.MustCompile(`^cannot write the report to second\.jsonl: [^;]+; the whole report is in (\S+\.tmp); ` +
		`cannot write the report to fourth\.csv: [^;]+; the whole report is in (\S+\.tmp)$`)
	if err == nil || !said.MatchString(err.Error()) {
		t.Fatalf("error %v", err)
	}
	for _, name := range append(said.FindStringSubmatch(err.Error())[1:], "first.json", "third.txt") {
		if text, err := os.ReadFile(name); string(text) != "report" {
			t.Errorf("%s has %q, %v", name, text, err)
		}
	}
}

// TestFiles: what formats are told of the other files, and what people read.
func TestFiles(t *testing.T) {
	copies := parse(t, "", "JSON=a=b, c.json", "table=-", "table=r.txt")
	want := []content.Place{{Format: "json", File: "a=b, c.json"}, {Format: "table", File: "r.txt"}}
	if got := copies.Files(); !slices.Equal(got, want) {
		t.Errorf("files %v", got)
	}
	if got := copies.Names(); got != "a=b, c.json and r.txt" {
		t.Errorf("names %q", got)
	}
	if got := parse(t, "-").Names(); got != "" {
		t.Errorf("stdout is called %q", got)
	}
}
