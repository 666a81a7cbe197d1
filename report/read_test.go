// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestReadJSON(t *testing.T) {
	want := draft(network())
	got, err := Read("run.json", strings.NewReader(write(t, "json", want, Style{})))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Entry{})); diff != "" {
		t.Errorf("- written, + read:\n%s", diff)
	}
}

// A stream has the entries and nothing else, in the order of their coming.
func TestReadStream(t *testing.T) {
	whole := draft(network())
	lines := strings.SplitAfter(write(t, "jsonl", whole, Style{}), "\n")
	lines[0], lines[1] = lines[1], lines[0]
	got, err := Read("run.jsonl", strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := Report{Schema: Schema, Counts: whole.Counts, Results: whole.Results}
	want.Results[0], want.Results[1] = want.Results[1], want.Results[0]
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Entry{})); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestReadTolerates(t *testing.T) {
	text := write(t, "json", draft(network()), Style{})
	units := utf16.Encode([]rune(text))
	for name, data := range map[string][]byte{
		"a newer release's name": []byte(strings.Replace(text, `"counts": {`, `"news": [1, {}], "counts": {"odd": 1,`, 1)),
		"wrong counts":           []byte(strings.Replace(text, `"pass": 7`, `"pass": 99`, 1)),
		"a byte order mark":      []byte("\ufeff" + text),
		"PowerShell 5":           append([]byte("\xff\xfe"), utf16Bytes(binary.LittleEndian, units)...),
		"UTF-16, big end first":  append([]byte("\xfe\xff"), utf16Bytes(binary.BigEndian, units)...),
		"CRLF":                   []byte(strings.ReplaceAll(text, "\n", "\r\n")),
	} {
		got, err := Read("run.json", bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(draft(network()), got, cmpopts.IgnoreUnexported(Entry{})); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
	}
}

func utf16Bytes(order binary.AppendByteOrder, units []uint16) []byte {
	var data []byte
	for _, u := range units {
		data = order.AppendUint16(data, u)
	}
	return data
}

// A report that somebody forged is harmless when it is told again, in any
// format: JSON escapes some of these characters and not all.
func TestReadHostile(t *testing.T) {
	r := hostileReport()
	for i := range r.Results {
		r.Results[i].Verdict, r.Results[i].Want, r.Results[i].Grade = "refused", "required", Fail
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read("run.json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "jsonl", "table"} {
		checkHarmless(t, format, write(t, format, read, Style{}))
	}
	if again, err := Read("again", strings.NewReader(write(t, "json", read, Style{}))); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(read, again, cmpopts.IgnoreUnexported(Entry{})); diff != "" {
		t.Errorf("texts change each time they are read:\n%s", diff)
	}
}

// Every file of testdata/bad has one mistake, and the message names it and its
// line.
func TestReadBad(t *testing.T) {
	want := map[string]string{
		"empty.json":            `line 1: the file is empty`,
		"not-json.json":         `line 1: not JSON: invalid character '<'`,
		"table.json":            `line 1: not JSON: invalid character 'm'`,
		"list.json":             `line 1: the whole: array stands where an object belongs`,
		"no-schema.json":        `line 1: no "schema", so this is not a report of exreach; accepted: "exreach/1"`,
		"schema-newer.json":     `line 2: unknown schema "exreach/2"; accepted: "exreach/1"`,
		"schema-type.json":      `line 2: schema: number stands where a text belongs`,
		"truncated.json":        `line 36: the text ends too early: the file was cut off as it was written or copied`,
		"two-documents.json":    `line 15: not JSON: invalid character '{' after top-level value`,
		"comma.json":            `line 9: not JSON: invalid character '}' looking for beginning of object key string`,
		"verdict-unknown.json":  `line 45: result 2: unknown verdict "filtered"; accepted: answered, bad-tls, cut, mismatch, prohibited, refused, silent, timed-out, unreachable, unresolved, untried`,
		"verdict-missing.json":  `result 1: no verdict; accepted: answered`,
		"grade-unknown.json":    `line 25: result 1: unknown grade "critical"; accepted: pass, warn, fail, unknown`,
		"want-unknown.json":     `line 23: result 1: unknown want "needed"; accepted: required, optional, off, forbidden`,
		"port-too-big.json":     `line 20: results.port: number 70000 stands where a number from 0 to 65535 belongs`,
		"port-text.json":        `line 20: results.port: string stands where a number from 0 to 65535 belongs`,
		"started.json":          `line 5: "yesterday" is not a time, which looks like 2006-01-02T15:04:05Z07:00`,
		"facts.json":            `line 30: results.peer.facts: array stands where an object belongs`,
		"stream-verdict.jsonl":  `line 2: unknown verdict "open"; accepted: answered`,
		"stream-cut.jsonl":      `line 2: the text ends too early`,
		"stream-type.jsonl":     `line 2: tries: string stands where a whole number belongs`,
		"stream-document.jsonl": `line 2: no want; accepted: required`,
	}
	files, err := filepath.Glob("testdata/bad/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		message, ok := want[filepath.Base(file)]
		if !ok {
			t.Errorf("%s: no message is expected of it", file)
		}
		delete(want, filepath.Base(file))
		data, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Read("run.json", data)
		data.Close()
		if err == nil || !strings.HasPrefix(err.Error(), "run.json: ") || !strings.Contains(err.Error(), message) {
			t.Errorf("%s:\n got %v\nwant %s", file, err, message)
		}
	}
	for name := range want {
		t.Errorf("testdata/bad/%s is missing", name)
	}
}

func TestReadTooLarge(t *testing.T) {
	if _, err := Read("run.json", endless{}); err == nil || !strings.Contains(err.Error(), "run.json: larger than 64 MiB") {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("testdata/bad/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, "testdata/network.jsonl") {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Read("run.json", bytes.NewReader(data))
		if err != nil {
			checkHarmless(t, "error", err.Error())
			return
		}
		checkHarmless(t, "table", write(t, "table", r, Style{Width: 60, Verbose: true}))
		again, err := Read("again", strings.NewReader(write(t, "json", r, Style{})))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(r, again, cmpopts.IgnoreUnexported(Entry{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("- first, + second:\n%s", diff)
		}
	})
}
