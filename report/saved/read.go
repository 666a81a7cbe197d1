// SPDX-License-Identifier: Apache-2.0

// Package saved reads saved reports: what the formats json and jsonl wrote, now
// (exreach/2) and before (exreach/1). It does not trust such a
// file: it makes texts printable, bounds values, and computes counts and summaries anew. It must not import anything under cmd.
package saved

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"exreach/report"
	"exreach/report/charset"
	"exreach/report/content"
)

// maxValue is the most bytes of one result, or of another value that is read at once. What
// exreach writes is shorter. The whole report has no limit.
const maxValue = 2 << 20

// Read reads a saved report into a draft. name stands for the file in errors. An error of
// reading is a *report.UnreadError, and any other is the draft's.
func Read(name string, text io.Reader, to *report.Draft) error {
	in := bufio.NewReaderSize(charset.UTF8(text), maxValue)
	c := newChecker(to)
	var err error
	if isStream(in) {
		err = readStream(in, c)
	} else {
		err = newDocument(in, c).read()
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

// readStream reads a report in JSON Lines.
func readStream(in *bufio.Reader, c *checker) error {
	s := stream{check: c, is: shapeOf(reflect.TypeFor[foundLine]())}
	s.is.most = manyElements
	for {
		text, err := in.ReadSlice('\n')
		s.line++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d: %w", s.line, errTooLong)
		case err != nil && err != io.EOF:
			return fmt.Errorf("cannot read line %d: %w", s.line, err)
		}
		if len(bytes.TrimSpace(text)) > 0 {
			if bad := s.read(text); bad != nil {
				return fmt.Errorf("line %d: %s", s.line, reason(bad))
			}
		}
		if err != nil {
			return c.end()
		}
	}
}

// A stream is a report that has a result in each line.
type stream struct {
	check *checker
	is    *shape // of a line
	line  int
	begun bool
	head  content.Run // by the first line
}

// A foundLine is what a line holds, which may be no line of a report.
type foundLine struct {
	report.Line
	Results json.RawMessage `json:"results"`
}

var errBroken = errors.New("this is the beginning of a value that goes on in the next line; in a stream each line is a result")

// errTakenOut is for what jq '.results[]' makes of a document.
var errTakenOut = fmt.Errorf(`no "schema": this result was taken out of a report of %s, and misses what stands elsewhere in it; make lines of the report with --format jsonl`, content.Schema)

// read reads one line.
func (s *stream) read(text []byte) error {
	if err := s.check.value(text, s.is); err != nil {
		return err
	}
	var found foundLine
	err := json.Unmarshal(text, &found)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && isCutShort(syntax, text) {
		if bytes.HasSuffix(text, []byte("\n")) {
			return errBroken
		}
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if found.Results != nil {
		return errors.New("a whole report is among the results; give exreach one report at a time")
	}
	version, err := versionOf(found.Schema)
	if found.Schema == "" {
		version, err = 1, nil // whose lines have none
		if found.Care != "" {
			return errTakenOut
		}
	}
	if err != nil {
		return err
	}
	if err := badStart(found.Started); err != nil {
		return err
	}
	if !s.begun {
		s.begin(found.Line, version)
	}
	if err := s.belongs(found.Line, version); err != nil {
		return err
	}
	return s.check.entry(&found.Entry, s.line)
}

// begin takes the head of the report from the first line.
func (s *stream) begin(first report.Line, version int) {
	s.begun, s.check.version = true, version
	s.head = headOf(first)
	head := s.head
	clean(&head)
	s.check.to.Know(1, head)
}

func headOf(l report.Line) content.Run {
	return content.Run{Tool: l.Tool, From: l.From, Machine: l.Machine, Started: l.Started, StandIn: l.StandIn}
}

// belongs returns an error if a line is not of the same run as the first.
func (s *stream) belongs(l report.Line, version int) error {
	if version != s.check.version {
		return fmt.Errorf("a result of %s is among results of %s; give exreach one report at a time", schemas[version], schemas[s.check.version])
	}
	for _, part := range []struct{ name, is, was string }{
		{"tool", l.Tool, s.head.Tool},
		{"from", l.From, s.head.From},
		{"machine", l.Machine, s.head.Machine},
		{"started", timeText(l.Started), timeText(s.head.Started)},
		{"stand_in", fmt.Sprint(l.StandIn), fmt.Sprint(s.head.StandIn)},
	} {
		if part.is != part.was {
			return fmt.Errorf("a result of another run: %s is %s here and %s before; give exreach one report at a time", part.name, quoted(part.is), quoted(part.was))
		}
	}
	return nil
}
