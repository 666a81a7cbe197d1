// SPDX-License-Identifier: Apache-2.0

// Package saved reads saved reports: what the formats json and jsonl wrote, now
// (exreach/2) and before (exreach/1). It does not trust such a
// file: it makes texts printable, bounds values, and computes counts and summaries anew. It must not import anything under cmd.
package saved

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"exreach/report"
	"exreach/report/charset"
	"exreach/report/content"
)

// maxValue is the most bytes of one result, or of another value that is read at once. What
// exreach writes is shorter. The whole report has no limit.
const maxValue = 2 << 20

// Stdin is the name of a report that comes from no file.
const Stdin = "stdin"

// A Reader reads saved reports into one draft, one after the other. What it keeps of each is
// about its runs.
type Reader struct {
	to           *report.Draft
	in           *bufio.Reader // of one report after the other
	names        []string      // of the reports so far
	runs         runs
	rows         rows
	notes        notes
	seed         maphash.Seed
	certificates map[string]knownCertificate // by fingerprint
	heads        int                         // bytes of all heads so far
}

// NewReader returns a Reader that has read nothing yet.
func NewReader(to *report.Draft) *Reader {
	return &Reader{
		to: to, in: bufio.NewReaderSize(nil, maxValue), runs: runs{numbers: map[runHead]int{}}, rows: rows{known: map[uint64]int{}},
		notes: notes{rules: map[string]bool{}, untestable: map[content.Untestable]bool{}}, seed: maphash.MakeSeed(), certificates: map[string]knownCertificate{},
	}
}

// After makes the first run that is read follow so many others, which the draft has from
// elsewhere.
func (r *Reader) After(runs int) *Reader {
	r.runs.all = make([]knownRun, runs)
	return r
}

// Read reads one more report, which may be of several runs, and numbers these on. The caller
// ends the draft after the last report. name stands for the file in errors and in the runs,
// unless it is Stdin. An error of reading is a *report.UnreadError, and any other is the
// draft's. After an error the Reader is of no more use.
func (r *Reader) Read(name string, text io.Reader) error {
	if slices.Contains(r.names, name) {
		return &report.UnreadError{Err: fmt.Errorf("%s: the same file is named twice: leave one of them out", name)}
	}
	r.names = append(r.names, name)
	r.in.Reset(charset.UTF8(text))
	c := &checker{Reader: r, name: name, room: spareRoom, before: len(r.runs.all)}
	var err error
	if isStream(r.in) {
		err = readStream(r.in, c)
	} else {
		err = newDocument(r.in, c).read()
	}
	switch {
	case c.unwritten != nil:
		return c.unwritten
	case err != nil:
		return &report.UnreadError{Err: fmt.Errorf("%s: %w", name, err)}
	}
	return nil
}

// isStream reports whether the first line is a result.
func isStream(in *bufio.Reader) bool {
	for n := 1 << 10; ; n *= 2 {
		text, err := in.Peek(min(n, maxValue))
		text = bytes.TrimLeft(text, " \t\r\n")
		end := bytes.IndexByte(text, '\n')
		if end < 0 && err == nil && n < maxValue {
			continue
		}
		if end >= 0 {
			text = text[:end]
		}
		var first struct {
			Verdict *string `json:"verdict"`
		}
		return json.Unmarshal(text, &first) == nil && first.Verdict != nil
	}
}
