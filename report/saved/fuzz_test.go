// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exreach/report/content"
	"exreach/report/schema"
)

// addSaved adds reports of every kind, good and bad, to the beginnings of a fuzzer.
func addSaved(f *testing.F) {
	for _, pattern := range []string{"testdata/bad/*", "testdata/v1/*", "../testdata/network.json*", "../testdata/link-*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	for _, r := range []content.Report{network(), hostileReport()} {
		f.Add([]byte(write(f, "json", r, content.Style{})))
		f.Add([]byte(write(f, "jsonl", r, content.Style{})))
	}
}

// addJoined adds joined reports in both formats.
func addJoined(f *testing.F) {
	r := mustJoin(f, saves(f, "a.json", "json", network()), laterV1(f), saves(f, "b.json", "json", networkOf("pc02", 1)))
	for _, format := range []string{"json", "jsonl"} {
		f.Add([]byte(write(f, format, r, content.Style{})))
	}
}

// What is read of any text is harmless, and so is the reason why it is not read.
func FuzzRead(f *testing.F) {
	addSaved(f)
	addJoined(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readBack("run.json", bytes.NewReader(data))
		if err != nil {
			checkHarmless(t, "error", err.Error())
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		checkHarmless(t, "table", write(t, "table", r, content.Style{Width: 60, Verbose: true}))
	})
}

// Any text joined with another report is harmless, and the other loses nothing.
func FuzzJoin(f *testing.F) {
	addSaved(f)
	addJoined(f)
	other := saves(f, "other.json", "json", networkOf("pc99", 99))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := join(text{"run.json", string(data)}, other)
		if err != nil {
			checkHarmless(t, "error", err.Error())
			return
		}
		run := len(r.Runs)
		if diff := cmp.Diff(network().Results, ofRun(r, run), asSaved, cmpopts.IgnoreFields(content.Entry{}, "CertificateDays")); diff != "" || run < 2 {
			t.Errorf("of %d runs, the other (- alone, + joined):\n%s", run, diff)
		}
		if again, err := readBack("joined.json", strings.NewReader(write(t, "json", r, content.Style{}))); err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(r, again, asSaved, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("- written, + read:\n%s", diff)
		}
	})
}

// A report that is written and read again has lost nothing: a document is the whole of it,
// lines are all results, and each of them says what it means. What followed the schema does
// so again, and nothing is null.
func FuzzRoundTrip(f *testing.F) {
	addSaved(f)
	addJoined(f)
	f.Add([]byte(bareReport))
	s, err := schema.Open("../../docs/report.schema.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := readBack("run.json", bytes.NewReader(data))
		if err != nil {
			return
		}
		valid := s.Check(data) == nil
		for _, format := range []string{"json", "jsonl"} {
			want, text := r, write(t, format, r, content.Style{})
			if format == "jsonl" {
				if r.IsJoined() {
					continue // TestJoinLines
				}
				want.Took, want.Options, want.GroundRules, want.Untestable, want.Counts.Hosts.Unasked, want.Counts.Hosts.Unread = 0, nil, nil, nil, 0, false
				if len(r.Results) == 0 {
					continue // there is no line to read
				}
			}
			checkHarmless(t, format, text)
			checkNoNull(t, text)
			if valid {
				if err := s.Check([]byte(text)); err != nil {
					t.Errorf("%s follows the schema no longer: %v in\n%s", format, err, text)
				}
			}
			again, err := readBack("run.json", strings.NewReader(text))
			if err != nil {
				t.Fatalf("%s that was written cannot be read: %v in\n%s", format, err, text)
			}
			if diff := cmp.Diff(want, again, asSaved, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: - written, + read:\n%s", format, diff)
			}
		}
	})
}
