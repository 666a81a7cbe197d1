// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// scratchFolder has temporary files made in a folder of the test, which it returns.
func scratchFolder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	t.Setenv("TMP", folder) // Windows
	return folder
}

// left is how many files there are in a folder.
func left(t *testing.T, folder string) int {
	t.Helper()
	files, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// longReport is lines of JSON that are too many to be kept in memory.
func longReport() string {
	var text strings.Builder
	for i := 0; text.Len() < 6<<20; i++ {
		fmt.Fprintf(&text, `{"host":"mail%d","version":"2019","role":"mailbox","service":"smtp","network":"tcp","port":25,"want":"required","verdict":"answered","grade":"pass","detail":"%s"}`+"\n", i/4, strings.Repeat("220 ", 250))
	}
	return text.String()
}

// A report is the same from a file and through a pipe, and leaves nothing behind.
func TestReportThroughPipe(t *testing.T) {
	folder := scratchFolder(t)
	text := longReport()
	file := filepath.Join(t.TempDir(), "run.jsonl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	written := func(name string, stdin io.Reader) string {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"report", name}, world{env: func(string) string { return "" }, stdin: stdin, stdout: &stdout, stderr: &stderr})
		if code != 0 || stderr.Len() > 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, &stderr)
		}
		return stdout.String()
	}
	want := written(file, nil)
	if !strings.Contains(want, " hosts: ") {
		t.Fatalf("no summary:\n%.300s", want)
	}
	if got := written("-", io.MultiReader(strings.NewReader(text))); got != want {
		t.Error("through a pipe the report is another")
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := written("-", f); got != want {
		t.Error("from a redirected file the report is another")
	}
	if n := left(t, folder); n > 0 {
		t.Errorf("%d temporary files are left", n)
	}
}

// A pipe that ends early, in whatever way, leaves nothing behind. Where a system lets
// go of the name of an open file, there is nothing to see before either.
func TestReportLeavesNothing(t *testing.T) {
	folder := scratchFolder(t)
	ctx, interrupt := context.WithCancel(t.Context())
	quiet, writer := io.Pipe()
	defer writer.Close()
	for name, test := range map[string]struct {
		stdin io.Reader
		says  string
	}{
		"a mistake":     {io.MultiReader(strings.NewReader(longReport() + "{")), "line "},
		"a broken pipe": {io.MultiReader(strings.NewReader(longReport()), broken{}), "closed pipe"},
		"Ctrl-C": {io.MultiReader(strings.NewReader(longReport()), readerFunc(func(p []byte) (int, error) {
			if n := left(t, folder); n > 0 && runtime.GOOS != "windows" {
				t.Errorf("%d temporary files stand in the folder", n)
			}
			interrupt()
			return quiet.Read(p)
		})), "interrupted"},
	} {
		of := t.Context()
		if name == "Ctrl-C" {
			of = ctx
		}
		var stdout, stderr bytes.Buffer
		code := run(of, []string{"report", "-"}, world{env: func(string) string { return "" }, stdin: test.stdin, stdout: &stdout, stderr: &stderr})
		if code != 2 || stdout.Len() > 0 || !strings.Contains(stderr.String(), test.says) {
			t.Errorf("%s: exit code %d, %q", name, code, &stderr)
		}
		if n := left(t, folder); n > 0 {
			t.Errorf("%s: %d temporary files are left", name, n)
		}
	}
}

// What a format writes while it reads ends with a whole line, whatever comes after it.
func TestLinesBeforeMistake(t *testing.T) {
	var stdout, stderr bytes.Buffer
	in := strings.NewReader(longReport() + "{")
	code := run(t.Context(), []string{"report", "-", "--format", "jsonl"}, world{env: func(string) string { return "" }, stdin: in, stdout: &stdout, stderr: &stderr})
	if code != 2 || stdout.Len() == 0 || !strings.HasSuffix(stdout.String(), "}\n") {
		t.Errorf("exit code %d, the end is %q", code, stdout.String()[max(0, stdout.Len()-60):])
	}
}

// Ctrl-C ends a report that no one reads, in any format, and says so in a line.
func TestReportUnread(t *testing.T) {
	for _, format := range []string{"table", "json", "jsonl"} {
		ctx, interrupt := context.WithCancel(t.Context())
		full, closing := context.WithCancel(t.Context())
		defer closing()
		stdout := writerFunc(func([]byte) (int, error) {
			interrupt()
			<-full.Done()
			return 0, io.ErrClosedPipe
		})
		var stderr bytes.Buffer
		code := run(ctx, []string{"report", "-", "--format", format}, world{env: func(string) string { return "" }, stdin: strings.NewReader(longReport()), stdout: stdout, stderr: &stderr})
		if want := "exreach: stdin: interrupted before the report was complete\n"; code != 2 || stderr.String() != want {
			t.Errorf("%s: exit code %d, %q", format, code, &stderr)
		}
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// Where no temporary file can be made, a report is written all the same. Endless nonsense is
// given up before it fills the memory.
func TestReportWithoutDisk(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	t.Setenv("TMP", filepath.Join(t.TempDir(), "missing"))
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"report", "-"}, world{env: func(string) string { return "" }, stdin: strings.NewReader(longReport()), stdout: &stdout, stderr: &stderr})
	if code != 0 || !strings.Contains(stdout.String(), " hosts are as wanted.") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
	stderr.Reset()
	if code := run(t.Context(), []string{"report", "-"}, world{env: func(string) string { return "" }, stdin: nonsense{}, stdout: io.Discard, stderr: &stderr}); code != 2 || !strings.Contains(stderr.String(), "not JSON") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}

// nonsense has no end.
type nonsense struct{}

func (nonsense) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
