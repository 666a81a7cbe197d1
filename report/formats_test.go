// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/rpc"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
	"exreach/report/table"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// write renders r in a format.
func write(t *testing.T, format string, r content.Report, s content.Style) string {
	t.Helper()
	var out bytes.Buffer
	if err := put(&out, format, r, s); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	if strings.HasPrefix(format, "json") {
		follow(t, out.Bytes())
	}
	return out.String()
}

func TestGolden(t *testing.T) {
	for name, test := range map[string]struct {
		format string
		style  content.Style
	}{
		"network.json":            {"json", content.Style{}},
		"network.jsonl":           {"jsonl", content.Style{}},
		"network-60.txt":          {"table", content.Style{Width: 60}},
		"network-100.txt":         {"table", content.Style{Width: 100}},
		"network-100-color.txt":   {"table", content.Style{Width: 100, Color: true}},
		"network-60-color.txt":    {"table", content.Style{Width: 60, Color: true}},
		"network-pipe.txt":        {"table", content.Style{}},
		"network-100-verbose.txt": {"table", content.Style{Width: 100, Verbose: true}},
		"network.csv":             {"csv", content.Style{}},
		"network-request.csv":     {"request", content.Style{Separator: ';'}},
		"network.md":              {"markdown", content.Style{}},
		"network-summary.txt":     {"summary", content.Style{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := write(t, test.format, draft(scene.Network()), test.style)
			golden(t, name, got)
		})
	}
}

// golden compares a text with the file of this name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (refresh it with -update):\n%s", file, got)
	}
}

// Every format has a name of its own, a line of help, and writes something.
func TestFormats(t *testing.T) {
	var known []string
	for _, f := range Formats() {
		if f.Help == "" || strings.Contains(f.Help, "\n") {
			t.Errorf("%s: help %q", f.Name, f.Help)
		}
		if f.Report == nil && f.Trace == nil && f.Catalog == nil {
			t.Errorf("%s writes nothing", f.Name)
		}
		if f.Name == "" || slices.Contains(known, f.Name) {
			t.Errorf("%q stands twice, or is no name", f.Name)
		}
		known = append(known, f.Name)
	}
	for want, names := range map[string][]string{"csv html json jsonl markdown request summary table": FormatNames(), "json table": TraceFormatNames(), "table json": CatalogFormatNames()} {
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if _, err := FormatNamed("jsonl", TraceFormatNames()); err == nil || !strings.Contains(err.Error(), "accepted: json, table") {
		t.Errorf("a trace as jsonl: %v", err)
	}
}

// sequence is what content.Style.Color puts around a text.
var sequence = regexp.MustCompile(`\x1b\[[0-9]+m`)

func TestTableWidth(t *testing.T) {
	results := scene.Network()
	results[0].Check.Service.Name = "a-service-with-a-name-that-no-column-was-made-for-at-all"
	results[1].Detail = "220 メール交換サーバーです。とても長い挨拶で、画面の幅に収まりません。"
	results[2].Check.Host = strings.Repeat("h", 300)
	for columns := 1; columns <= 130; columns += 3 {
		out := write(t, "table", draft(results), content.Style{Width: columns, Color: true})
		for line := range strings.Lines(sequence.ReplaceAllString(out, "")) {
			if w := table.Columns(strings.TrimSuffix(line, "\n")); w > columns {
				t.Fatalf("width %d: %d columns: %s", columns, w, line)
			}
		}
	}
}

func TestTableKeepsVerdict(t *testing.T) {
	for _, columns := range []int{40, 50, 60, 80} {
		out := write(t, "table", draft(scene.Network()), content.Style{Width: columns})
		for _, words := range []string{"rpc-endpoint-mapper", "unresolved", "timed-out", "prohibited", "smtp-submission"} {
			if !strings.Contains(out, words) {
				t.Errorf("width %d: no %s:\n%s", columns, words, out)
			}
		}
	}
}

func TestTableColor(t *testing.T) {
	r := draft(scene.Network())
	if out := write(t, "table", r, content.Style{Width: 100}); strings.Contains(out, "\x1b") {
		t.Error("colours without content.Style.Color")
	}
	plain, coloured := write(t, "table", r, content.Style{Width: 100}), write(t, "table", r, content.Style{Width: 100, Color: true})
	if sequence.ReplaceAllString(coloured, "") != plain {
		t.Error("colours change more than colours")
	}
}

func TestTableEmpty(t *testing.T) {
	if out := write(t, "table", draft(nil), content.Style{}); !strings.HasPrefix(out, "Nothing was checked") || strings.Count(out, "\n") != 1 {
		t.Errorf("got %q", out)
	}
	if out := write(t, "json", draft(nil), content.Style{}); !strings.Contains(out, `"results": []`) {
		t.Errorf("got %s", out)
	}
}

// hostile is text that would move the cursor, set a title, hide or turn words.
const hostile = "a\x1b[2J\x1b]0;title\x07b\r\nc\u202ed\u0085e\x9bf\u009bg\x7f\x00"

func TestTableHostile(t *testing.T) {
	r := hostileReport()
	for _, style := range []content.Style{{}, {Width: 60}, {Color: true}, {Verbose: true, Color: true, Width: 90}} {
		out := write(t, "table", r, style)
		checkHarmless(t, fmt.Sprintf("%+v", style), sequence.ReplaceAllString(out, ""))
		if n := strings.Count(out, "\n"); n > 60 {
			t.Errorf("%+v: a text of others broke lines, %d of them:\n%q", style, n, out)
		}
	}
}

// hostileReport has the text in every place that a peer or a user can fill.
func hostileReport() content.Report {
	e := content.Entry{
		Host: hostile, Version: hostile, Role: hostile, Service: hostile, Network: hostile, Port: 25, Protocol: hostile, TLS: hostile,
		Want: hostile, Address: hostile, Verdict: hostile, Grade: judge.Fail, Step: hostile, Steps: []content.Step{{Step: hostile}},
		Detail: hostile, Evidence: hostile, SaidBy: hostile, Parent: hostile, Took: 1e300,
		Findings: []judge.Finding{{Code: hostile, Text: hostile, Hint: hostile}},
		Peer: &protocol.Peer{
			Greeting: hostile, Capabilities: []string{hostile}, Facts: map[string]string{hostile: hostile}, Refusal: hostile,
			Endpoints: []rpc.Endpoint{{UUID: hostile, Annotation: hostile}},
			TLS:       &protocol.TLSInfo{Version: hostile, Chain: []tls12.Certificate{{Subject: hostile, Names: []string{hostile}}}},
		},
	}
	whole := e
	whole.Host, whole.Verdict, whole.Grade = "gone"+hostile, probe.Unresolved, judge.Unknown
	again := e
	again.Grade = judge.Grade(hostile)
	return content.Report{Schema: content.Schema, Tool: hostile, From: hostile, Started: scene.Began, Results: []content.Entry{e, again, whole}}
}

func checkHarmless(t *testing.T, what, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%s: %U reaches the reader: %.200q", what, r, text)
			return
		}
	}
}

// A writer that fails must be heard of: a full disk is not a report.
func TestFormatsWriteError(t *testing.T) {
	for _, name := range FormatNames() {
		if err := put(brokenWriter{}, name, draft(scene.Network()), content.Style{}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
