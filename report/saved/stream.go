// SPDX-License-Identifier: Apache-2.0

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
	"exreach/report/content"
)

// A stream is a report that has a result in each line. Each line says of which run it is:
// lines that several runs appended to one file are several runs.
type stream struct {
	check *checker
	is    *shape // of a line
	line  int
	runs  map[runHead]int // the numbers of its runs
	last  runHead         // of the line before
	run   int             // the run of the line before; 0 before the first line
}

// A foundLine is what a line holds, which may be no line of a report.
type foundLine struct {
	report.Line
	Results json.RawMessage `json:"results"`
}

var errBroken = errors.New("this is the beginning of a value that goes on in the next line; in a stream each line is a result")

// errTakenOut is for what jq '.results[]' makes of a document.
var errTakenOut = fmt.Errorf(`no "schema": this result was taken out of a report of %s, and misses what stands elsewhere in it; make lines of the report with --format jsonl`, content.Schema)

// readStream reads a report in JSON Lines.
func readStream(in *bufio.Reader, c *checker) error {
	s := stream{check: c, is: shapeOf(reflect.TypeFor[foundLine]()), runs: map[runHead]int{}}
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
	if err := s.schema(&found); err != nil {
		return err
	}
	if err := badStart(found.Started); err != nil {
		return err
	}
	run, err := s.runOf(found.Line)
	if err != nil {
		return err
	}
	return s.check.entry(&found.Entry, run, s.line)
}

// schema makes sure that a line is a result in the layout of those before it.
func (s *stream) schema(found *foundLine) error {
	if found.Results != nil {
		return errors.New("a whole report is among the results: it takes a file of its own")
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
	if s.run > 0 && version != s.check.version {
		return fmt.Errorf("a result of %s is among results of %s: give each a file of its own", schemas[version], schemas[s.check.version])
	}
	s.check.version = version
	return nil
}

// runOf returns the number of the run that a line is of: of one that began before, or a new
// one.
func (s *stream) runOf(l report.Line) (int, error) {
	run := content.Run{File: s.check.file(), Tool: l.Tool, From: l.From, Machine: l.Machine, Started: l.Started, StandIn: l.StandIn}
	head := headOf(run)
	if s.run > 0 && head == s.last {
		return s.run, nil
	}
	clean(&run)
	number, known := s.runs[headOf(run)]
	if !known {
		var err error
		if number, err = s.check.begin(run); err != nil {
			return 0, err
		}
		s.runs[headOf(run)] = number
	}
	s.last, s.run = head, number
	return number, nil
}
