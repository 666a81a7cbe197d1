// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"exreach/report"
	"exreach/report/content"
)

// A document is read as it was written: nothing is lost.
func TestReadDocument(t *testing.T) {
	want := network()
	text := write(t, "json", want, content.Style{})
	follow(t, text)
	got, err := readBack("run.json", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, asSaved); diff != "" {
		t.Errorf("- written, + read:\n%s", diff)
	}
}

// A line says by itself what it means. What a stream does not have is about the run as a
// whole.
func TestReadStream(t *testing.T) {
	whole := network()
	text := write(t, "jsonl", whole, content.Style{})
	follow(t, text)
	got, err := readBack("run.jsonl", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := whole
	want.Took, want.Options, want.GroundRules, want.Untestable, want.Counts.Hosts.Unasked, want.Counts.Hosts.Unread = 0, nil, nil, nil, 0, false
	if diff := cmp.Diff(want, got, asSaved); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	for line := range strings.Lines(text) {
		one, err := readBack("line", strings.NewReader(line))
		if err != nil || one.From != whole.From || one.Machine != whole.Machine || !one.Started.Equal(whole.Started) || len(one.Results) != 1 {
			t.Fatalf("a line alone: %v, %+v", err, one)
		}
	}
}

// What other programs make of a document is read all the same: they sort the names in it,
// and so put the schema behind the results, or leave out the white space.
func TestReadRearranged(t *testing.T) {
	var members map[string]any
	text := write(t, "json", network(), content.Style{})
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		t.Fatal(err)
	}
	sorted, err := json.Marshal(members) // encoding/json sorts names
	if err != nil {
		t.Fatal(err)
	}
	got, err := readBack("sorted.json", bytes.NewReader(sorted))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(network(), got, asSaved); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if again := write(t, "json", got, content.Style{}); again != text {
		t.Errorf("written again it differs:\n%s", cmp.Diff(text, again))
	}
	var plain, turned strings.Builder
	for from, to := range map[string]*strings.Builder{text: &plain, string(sorted): &turned} {
		d := newDraft(t, "jsonl", to, content.Style{})
		err := NewReader(d).Read("run.json", strings.NewReader(from))
		if err := errors.Join(err, d.End()); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(plain.String(), turned.String()); diff != "" {
		t.Errorf("as lines:\n%s", diff)
	}
}

// A text that ends in the middle of a value was truncated, wherever that is.
func TestReadTruncated(t *testing.T) {
	text := write(t, "jsonl", network(), content.Style{})
	line := strings.Index(text, "\n") + 1
	for at := line + 1; at < 2*line; at++ {
		if strings.HasSuffix(text[:at], "}\n") || strings.HasSuffix(text[:at+1], "}\n") {
			break // the line is whole
		}
		if _, err := readBack("run.jsonl", strings.NewReader(text[:at])); err == nil || !strings.HasPrefix(err.Error(), "run.jsonl: line 2: the text ends too early") {
			t.Fatalf("after %q: %v", text[at-20:at], err)
		}
	}
}

// A result that was taken out of a document lacks what stands elsewhere in it. It is none of
// exreach/1, whose lines have no schema.
func TestReadTakenOut(t *testing.T) {
	var document struct{ Results []json.RawMessage }
	if err := json.Unmarshal([]byte(write(t, "json", network(), content.Style{})), &document); err != nil {
		t.Fatal(err)
	}
	for _, result := range document.Results {
		var line bytes.Buffer
		if err := json.Compact(&line, result); err != nil {
			t.Fatal(err)
		}
		if _, err := readBack("-", &line); err == nil || !strings.Contains(err.Error(), `no "schema": this result was taken out of a report`) {
			t.Errorf("error %v", err)
		}
	}
}

// The hosts of a file may be in any order.
func TestReadScattered(t *testing.T) {
	r := network()
	lines := strings.SplitAfter(write(t, "jsonl", r, content.Style{}), "\n")
	lines[0], lines[len(lines)-2] = lines[len(lines)-2], lines[0]
	got, err := readBack("run.jsonl", strings.NewReader(strings.Join(lines, "")))
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts.Tally != r.Counts.Tally || len(got.Hosts) != len(r.Hosts) || len(got.Results) != len(r.Results) {
		t.Errorf("%+v, %d hosts, %d results", got.Counts, len(got.Hosts), len(got.Results))
	}
}

// So may the results of a host: what is said of it does not depend on that.
func TestReadReversed(t *testing.T) {
	r := network()
	slices.Reverse(r.Results)
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	read, err := readBack("reversed.json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	again, err := readBack("again.json", strings.NewReader(write(t, "json", read, content.Style{})))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read, again, asSaved); diff != "" {
		t.Errorf("- reversed, + as exreach writes it:\n%s", diff)
	}
}

func TestReadTolerates(t *testing.T) {
	text := write(t, "json", network(), content.Style{})
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
		} else if diff := cmp.Diff(network(), got, asSaved); diff != "" {
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
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	read, err := readBack("run.json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, format := range []string{"json", "jsonl", "table"} {
		checkHarmless(t, format, write(t, format, read, content.Style{}))
	}
	if again, err := readBack("again", strings.NewReader(write(t, "json", read, content.Style{}))); err != nil {
		t.Error(err)
	} else if diff := cmp.Diff(read, again, asSaved); diff != "" {
		t.Errorf("texts change each time they are read:\n%s", diff)
	}
}

// A text that never ends is given up, wherever that is.
func TestReadEndless(t *testing.T) {
	first, _, _ := strings.Cut(write(t, "jsonl", network(), content.Style{}), "\n")
	line := strings.TrimSuffix(first, "}")
	for name, test := range map[string]struct{ head, more, says string }{
		"a result":            {`{"schema":"exreach/1","results":[` + "\n" + line + `,"x":"`, "a", "line 2: a value of more than 2 MiB"},
		"a line":              {line + "}\n" + line + `,"x":"`, "a", "line 2: a value of more than 2 MiB"},
		"a name of another":   {`{"schema":"exreach/1","x":[`, "{},", "line 1: a value of more than 2 MiB"},
		"the heading":         {`{"schema":"`, "a", "line 1: a value of more than 2 MiB"},
		"no report":           {"", "\x00", "line 1: not JSON"},
		"depth":               {`{"schema":"exreach/1","x":`, "[", "line 1: lists and objects are nested too deep"},
		"depth of a line":     {line + `,"x":`, "[", "line 1: "},
		"hosts":               {`{"schema":"exreach/2","hosts":["`, "a", "line 1: a value of more than 2 MiB"},
		"a certificate":       {`{"schema":"exreach/2","certificates":{"`, "a", "line 1: a value of more than 2 MiB"},
		"empty certificates":  {`{"schema":"exreach/2","certificates":{`, `"":{},`, "is not the fingerprint of a certificate"},
		"one certificate":     {`{"schema":"exreach/2","certificates":{`, `"` + strings.Repeat("0a", 32) + `":{"names":["a"]},`, "stands twice in one object"},
		"empty lines":         {`{"schema":"exreach/1",`, "\n", "a value of more than 2 MiB"},
		"empty results":       {`{"schema":"exreach/1","results":[`, "{},", "result 1: the want is missing"},
		"minimal results":     {`{"schema":"exreach/1","results":[`, minimal("") + ",", "times the memory of their text"},
		"steps of nothing":    {`{"schema":"exreach/1","results":[`, minimal(`"steps":[`+strings.Repeat("{},", 99)+"{}]") + ",", "times the memory of their text"},
		"minimal lines":       {minimal("") + "\n", minimal("") + "\n", "times the memory of their text"},
		"findings of nothing": {minimal(`"findings":[{}]`) + "\n", minimal(`"findings":[{},{},{},{}]`) + "\n", "times the memory of their text"},
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

// An obstacle in a saved report is one of its closed set, and one may be absent:
// earlier versions have none.
func TestReadObstacle(t *testing.T) {
	const line = `{"host": "mail01.contoso.com", "want": "required", "verdict": "untried", OBSTACLE "grade": "unknown", "step": "connect"}`
	for obstacle, wrong := range map[string]string{
		`"obstacle": "no-route",`: "",
		``:                        "",
		`"obstacle": "the dog",`:  `unknown obstacle "the dog": accepted: deadline, denied, fault, interrupted,`,
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

// A report of many hosts is long: a stream is written as it is read.
func TestReadWhileWriting(t *testing.T) {
	text := write(t, "jsonl", network(), content.Style{})
	broken := brokenAfter(2)
	for _, test := range []struct {
		name, text string
		to         io.Writer
		wrong      string
		unread     bool
	}{
		{"all", text, io.Discard, "", false},
		{"a bad last line", text + "{", io.Discard, "run.jsonl: line 19: ", true},
		{"a full disk", text, &broken, io.ErrShortWrite.Error(), false},
	} {
		var out strings.Builder
		err := NewReader(newDraft(t, "jsonl", io.MultiWriter(&out, test.to), content.Style{})).Read("run.jsonl", strings.NewReader(test.text))
		_, unread := errors.AsType[*report.UnreadError](err)
		if test.wrong == "" != (err == nil) || !strings.HasPrefix(fmt.Sprint(err), test.wrong) && err != nil || unread != test.unread {
			t.Errorf("%s: %v, of reading: %t", test.name, err, unread)
		}
		if !strings.HasPrefix(text, out.String()) || out.Len() == 0 {
			t.Errorf("%s: wrote %q", test.name, out.String())
		}
	}
}

// A brokenAfter takes so many writes.
type brokenAfter int

func (b *brokenAfter) Write(p []byte) (int, error) {
	if *b--; *b < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// A certificate that does not expire (RFC 5280 section 4.1.2.5) is not the first to do so, and
// far years are counted in full.
func TestReadEndlessCertificates(t *testing.T) {
	for end, says := range map[string]string{
		"9999-12-31T23:59:59Z": "",
		"9998-12-31T23:59:59Z": "First certificate to expire: 9998-12-31, in 2912017 days, ",
		"0000-01-01T00:00:00Z": "First certificate to expire: 0000-01-01, 740042 days ago, ",
	} {
		r := network()
		for _, e := range r.Results {
			if e.Peer != nil && e.Peer.TLS != nil {
				for i := range e.Peer.TLS.Chain {
					at, err := time.Parse(time.RFC3339, end)
					if err != nil {
						t.Fatal(err)
					}
					e.Peer.TLS.Chain[i].NotAfter = at
				}
			}
		}
		if table := write(t, "table", r, content.Style{}); !strings.Contains(table, says) || says == "" && strings.Contains(table, "to expire") {
			t.Errorf("until %s: %q is missing in\n%s", end, says, table)
		}
	}
}
