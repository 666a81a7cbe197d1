// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A wordError says that a word of an entry is not one of its closed set.
type wordError struct {
	name, word string
	accepted   []string
}

func (e *wordError) Error() string {
	what := fmt.Sprintf("unknown %s %q", e.name, printable(e.word))
	if e.word == "" {
		what = "no " + e.name
	}
	return what + "; accepted: " + strings.Join(e.accepted, ", ")
}

// The words that decide what a result means.
var (
	verdictWords = words(slices.Sorted(maps.Keys(grades)))
	gradeNames   = words([]Grade{Pass, Warn, Fail, Unknown})
	wantWords    = words(wants)
)

func words[T ~string](set []T) []string {
	var list []string
	for _, w := range set {
		list = append(list, string(w))
	}
	return list
}

// badWord finds the first word of an entry that is not known.
func badWord(e Entry) *wordError {
	for _, w := range []wordError{
		{"want", e.Want, wantWords},
		{"verdict", e.Verdict, verdictWords},
		{"grade", string(e.Grade), gradeNames},
	} {
		if !slices.Contains(w.accepted, w.word) {
			return &w
		}
	}
	if e.Obstacle != "" && !slices.Contains(obstacleWords, e.Obstacle) { // reports of earlier versions have none
		return &wordError{"obstacle", e.Obstacle, obstacleWords}
	}
	if e.Peer != nil && e.Peer.TLSFailure != nil && !slices.Contains(tlsCauseWords, string(e.Peer.TLSFailure.Cause)) {
		return &wordError{"cause", string(e.Peer.TLSFailure.Cause), tlsCauseWords}
	}
	return nil
}

// explain says where and why data is not a report.
func explain(data []byte, err error) error {
	line := lineAt(data, int64(len(data)))
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var date *time.ParseError
	switch {
	case errors.As(err, &syntax):
		line = lineAt(data, syntax.Offset)
	case errors.As(err, &kind):
		line = lineAt(data, kind.Offset)
	case errors.As(err, &date):
		line = lineAt(data, int64(bytes.Index(data, []byte(date.Value))))
	}
	return fmt.Errorf("line %d: %s", line, reason(err))
}

// reason says why a text is not the JSON of a report.
func reason(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var date *time.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return "the file is empty"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && strings.Contains(syntax.Error(), "unexpected end"):
		return "the text ends too early: the file was cut off as it was written or copied"
	case errors.As(err, &syntax):
		return "not JSON: " + syntax.Error()
	case errors.As(err, &kind):
		return fmt.Sprintf("%s: %s stands where %s belongs", cmp.Or(kind.Field, "the whole"), kind.Value, kinds[kind.Type.Kind()])
	case errors.As(err, &date):
		return fmt.Sprintf("%q is not a time, which looks like %s", printable(date.Value), time.RFC3339)
	}
	return err.Error()
}

// kinds is what people call the types of a report.
var kinds = map[reflect.Kind]string{
	reflect.String:  "a text",
	reflect.Bool:    "true or false",
	reflect.Int:     "a whole number",
	reflect.Uint16:  "a number from 0 to 65535",
	reflect.Float64: "a number",
	reflect.Slice:   "a list",
	reflect.Struct:  "an object",
	reflect.Map:     "an object",
}

// lineOf is the line of the value that a path of names and indexes leads to, or
// of as much of the path as there is.
func lineOf(data []byte, path ...any) int {
	values := json.NewDecoder(bytes.NewReader(data))
	for _, step := range path {
		if !enter(values, step) {
			break
		}
	}
	return lineAt(data, values.InputOffset())
}

// enter opens the list or object that comes next and stops before the element
// of an index, or behind the name of a member.
func enter(values *json.Decoder, step any) bool {
	open, err := values.Token()
	for i := 0; err == nil && values.More(); i++ {
		var here any = i
		if open == json.Delim('{') {
			if here, err = values.Token(); err != nil {
				break
			}
		}
		if here == step {
			return true
		}
		var skipped json.RawMessage
		err = values.Decode(&skipped)
	}
	return false
}

func lineAt(data []byte, offset int64) int {
	offset = min(max(offset, 0), int64(len(data)))
	return 1 + bytes.Count(bytes.TrimRight(data[:offset], "\r\n"), []byte("\n"))
}
