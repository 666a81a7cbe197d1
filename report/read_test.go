// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// asSaved compares entries by what is saved of them: what only code reads of a peer
// is gone by then.
var asSaved = cmp.Options{
	cmpopts.IgnoreUnexported(Entry{}, web.Web{}),
	cmpopts.IgnoreFields(protocol.Peer{}, "Logins", "Page", "Directory", "Clock"),
}

func TestReadJSON(t *testing.T) {
	want := draft(scene.Network())
	got, err := readBack("run.json", strings.NewReader(write(t, "json", want, Style{})))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, asSaved); diff != "" {
		t.Errorf("- written, + read:\n%s", diff)
	}
}

// A stream has the entries and nothing else, in the order of their coming.
func TestReadStream(t *testing.T) {
	whole := draft(scene.Network())
	lines := strings.SplitAfter(write(t, "jsonl", whole, Style{}), "\n")
	lines[0], lines[1] = lines[1], lines[0]
	got, err := readBack("run.jsonl", strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatal(err)
	}
	want := Report{Schema: Schema, Counts: whole.Counts, Results: whole.Results}
	want.Results[0], want.Results[1] = want.Results[1], want.Results[0]
	if diff := cmp.Diff(want, got, asSaved); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestReadTolerates(t *testing.T) {
	text := write(t, "json", draft(scene.Network()), Style{})
	units := utf16.Encode([]rune(text))
	for name, data := range map[string][]byte{
		"a newer release's name": []byte(strings.Replace(text, `"counts": {`, `"news": [1, {}], "counts": {"odd": 1,`, 1)),
		"wrong counts":           []byte(strings.Replace(text, `"pass": 7`, `"pass": 99`, 1)),
		"a byte order mark":      []byte("\ufeff" + text),
		"PowerShell 5":           append([]byte("\xff\xfe"), utf16Bytes(binary.LittleEndian, units)...),
		"UTF-16, big end first":  append([]byte("\xfe\xff"), utf16Bytes(binary.BigEndian, units)...),
		"CRLF":                   []byte(strings.ReplaceAll(text, "\n", "\r\n")),
	} {
		got, err := readBack("run.json", bytes.NewReader(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(draft(scene.Network()), got, asSaved); diff != "" {
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

// A forged report is harmless when it is told again, in any
// format: JSON escapes some of these characters and not all.
func TestReadHostile(t *testing.T) {
	r := hostileReport()
	for i := range r.Results {
		r.Results[i].Verdict, r.Results[i].Want, r.Results[i].Grade = "refused", "required", judge.Fail
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	read, err := readBack("run.json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "jsonl", "table"} {
		checkHarmless(t, format, write(t, format, read, Style{}))
	}
	if again, err := readBack("again", strings.NewReader(write(t, "json", read, Style{}))); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(read, again, asSaved); diff != "" {
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
		"truncated.json":        `line 36: the text ends too early: the file was truncated while it was written or copied`,
		"two-documents.json":    `line 15: not JSON: invalid character '{' after top-level value`,
		"comma.json":            `line 9: not JSON: invalid character '}' looking for beginning of object key string`,
		"verdict-unknown.json":  `line 45: result 2: unknown verdict "filtered": did you mean answered? accepted: answered, bad-tls, cut, mismatch, prohibited, refused, silent, timed-out, unreachable, unresolved, untried`,
		"verdict-missing.json":  `result 1: the verdict is missing: accepted: answered, bad-tls, cut`,
		"grade-unknown.json":    `line 25: result 1: unknown grade "critical": accepted: pass, warn, fail, unknown`,
		"want-unknown.json":     `line 23: result 1: unknown want "needed": accepted: required, optional, off, forbidden`,
		"port-too-big.json":     `line 20: results.port: number 70000 stands where a number from 0 to 65535 belongs`,
		"port-text.json":        `line 20: results.port: string stands where a number from 0 to 65535 belongs`,
		"started.json":          `line 5: "yesterday" is not a time, which looks like 2006-01-02T15:04:05Z07:00`,
		"facts.json":            `line 30: results.peer.facts: array stands where an object belongs`,
		"stream-verdict.jsonl":  `line 2: unknown verdict "open": accepted: answered, bad-tls, cut`,
		"stream-cut.jsonl":      `line 2: the text ends too early`,
		"stream-type.jsonl":     `line 2: tries: string stands where a whole number belongs`,
		"stream-document.jsonl": `line 2: the want is missing: accepted: required, optional`,
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
		_, err = readBack("run.json", data)
		data.Close()
		if err == nil || !strings.HasPrefix(err.Error(), "run.json: ") || !strings.Contains(err.Error(), message) {
			t.Errorf("%s:\n got %v\nwant %s", file, err, message)
		}
	}
	for name := range want {
		t.Errorf("testdata/bad/%s is missing", name)
	}
}

// A text that never ends is given up, wherever that is.
func TestReadEndless(t *testing.T) {
	line := strings.TrimSuffix(write(t, "jsonl", draft(scene.Network()[:1]), Style{}), "}\n")
	for name, test := range map[string]struct{ head, more, says string }{
		"a result":            {`{"schema":"exreach/1","results":[` + "\n" + line + `,"x":"`, "a", "line 2: a result of more than 2 MiB"},
		"a line":              {line + "}\n" + line + `,"x":"`, "a", "line 2: a result of more than 2 MiB"},
		"a name of another":   {`{"schema":"exreach/1","x":[`, "{},", "line 1: a result of more than 2 MiB"},
		"the heading":         {`{"schema":"`, "a", "line 1: a result of more than 2 MiB"},
		"no report":           {"", "\x00", "line 1: not JSON"},
		"depth":               {`{"schema":"exreach/1","x":`, "[", "line 1: "},
		"empty lines":         {`{"schema":"exreach/1",`, "\n", "a result of more than 2 MiB"},
		"empty results":       {`{"schema":"exreach/1","results":[`, "{},", "result 1: the want is missing"},
		"minimal results":     {`{"schema":"exreach/1","results":[`, minimal("") + ",", "many times the memory"},
		"steps of nothing":    {`{"schema":"exreach/1","results":[`, minimal(`"steps":[`+strings.Repeat("{},", 99)+"{}]") + ",", "many times the memory"},
		"minimal lines":       {minimal("") + "\n", minimal("") + "\n", "many times the memory"},
		"findings of nothing": {minimal(`"findings":[{}]`) + "\n", minimal(`"findings":[{},{},{},{}]`) + "\n", "many times the memory"},
	} {
		r := io.MultiReader(strings.NewReader(test.head), &endless{text: test.more})
		if _, err := readBack("run.json", r); err == nil || !strings.HasPrefix(err.Error(), "run.json: line ") || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// minimal is the shortest result that has all words, and something more.
func minimal(more string) string {
	if more != "" {
		more += ","
	}
	return `{` + more + `"want":"off","verdict":"cut","grade":"pass"}`
}

// endless says the same for ever.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.text[(e.at+i)%len(e.text)]
	}
	e.at = (e.at + len(p)) % len(e.text)
	return len(p), nil
}

// A passing is a writer of what is copied, which wants no more than some of it.
type passing struct {
	most    int
	entries []Entry
}

func (p *passing) Begin(Head) error { return nil }
func (p *passing) End(Head) error   { return nil }

func (p *passing) Host(entries []Entry) error {
	if p.entries = append(p.entries, entries...); len(p.entries) >= p.most {
		return io.ErrShortWrite
	}
	return nil
}

// A stream is read result by result: the whole of it may be of any size.
func TestCopy(t *testing.T) {
	text, want := write(t, "jsonl", draft(scene.Network()), Style{}), draft(scene.Network())
	to := passing{most: 1000}
	head, err := Copy("run.jsonl", strings.NewReader(text), &to)
	if err != nil || head.Counts != want.Counts {
		t.Errorf("%+v, %v", head.Counts, err)
	}
	if diff := cmp.Diff(want.Results, to.entries, asSaved); diff != "" {
		t.Errorf("- written, + read:\n%s", diff)
	}
	to = passing{most: 1000}
	_, err = Copy("run.jsonl", strings.NewReader(text+"{"), &to)
	if unread := (*UnreadError)(nil); !errors.As(err, &unread) || !strings.Contains(err.Error(), "run.jsonl: line ") || len(to.entries) != len(want.Results) {
		t.Errorf("the last line: %v, after %d results", err, len(to.entries))
	}
	to = passing{most: 1}
	if _, err := Copy("run.json", strings.NewReader(write(t, "json", want, Style{})), &to); !errors.Is(err, io.ErrShortWrite) || len(to.entries) != 1 {
		t.Errorf("a full disk is told as %v, after %d results", err, len(to.entries))
	}
}

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
		checkSaved(t, "fuzzed", data)
		r, err := readBack("run.json", bytes.NewReader(data))
		if err != nil {
			checkHarmless(t, "error", err.Error())
			return
		}
		checkHarmless(t, "table", write(t, "table", r, Style{Width: 60, Verbose: true}))
		again, err := readBack("again", strings.NewReader(write(t, "json", r, Style{})))
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if diff := cmp.Diff(r, again, asSaved, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("- first, + second:\n%s", diff)
		}
	})
}

// An obstacle in a saved report is one of its closed set, and one may be absent:
// earlier versions have none.
func TestReadObstacle(t *testing.T) {
	const line = `{"host": "mail01.contoso.com", "want": "required", "verdict": "untried", OBSTACLE "grade": "unknown", "step": "connect"}`
	for obstacle, wrong := range map[string]string{
		`"obstacle": "no-route",`: "",
		``:                        "",
		`"obstacle": "the dog",`:  `unknown obstacle "the dog": accepted: denied, fault, interrupted,`,
	} {
		read, err := readBack("x", strings.NewReader(strings.Replace(line, "OBSTACLE", obstacle, 1)))
		switch {
		case wrong == "" && err != nil:
			t.Errorf("%s: %v", obstacle, err)
		case wrong == "" && obstacle != "" && read.Results[0].Obstacle != "no-route":
			t.Errorf("%s: read as %q", obstacle, read.Results[0].Obstacle)
		case wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)):
			t.Errorf("%s: %v, want %s", obstacle, err, wrong)
		}
	}
}

// So is the cause of a failure of TLS.
func TestReadTLSCause(t *testing.T) {
	const line = `{"host": "mail01.contoso.com", "want": "required", "verdict": "bad-tls", "grade": "fail", "step": "tls", "peer": {"tls_failure": {"cause": "CAUSE", "alert": 40}}}`
	if read, err := readBack("x", strings.NewReader(strings.Replace(line, "CAUSE", "alert", 1))); err != nil || read.Results[0].Peer.TLSFailure.Alert != 40 {
		t.Errorf("%v", err)
	}
	if _, err := readBack("x", strings.NewReader(strings.Replace(line, "CAUSE", "the cat", 1))); err == nil || !strings.Contains(err.Error(), `unknown cause "the cat": accepted: alert, clear`) {
		t.Errorf("%v", err)
	}
}
