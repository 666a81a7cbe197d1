// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// reason says why a text is not the JSON of a report.
func reason(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var date *time.ParseError
	switch {
	case err == io.EOF:
		return "the file is empty"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && isCutShort(syntax, nil):
		return "the text ends too early: the file was truncated while it was written or copied"
	case errors.As(err, &syntax) && strings.Contains(syntax.Error(), "max depth"):
		return "lists and objects are nested too deep: exreach did not write them"
	case errors.As(err, &syntax):
		return "not JSON: " + syntax.Error()
	case errors.As(err, &kind):
		return fmt.Sprintf("%s: %s", cmp.Or(fieldOf(kind), "the whole"), mismatch(kind))
	case errors.As(err, &date):
		return quoted(date.Value) + notTime
	case strings.HasPrefix(err.Error(), "Time.UnmarshalJSON:"): // which has no type for it
		return "this" + notTime
	}
	return err.Error()
}

// notTime follows what should be a time.
const notTime = ` is not a time: one looks like "2026-03-02T09:30:00Z", and its year has four digits`

// mismatch says what stands in the place of what.
func mismatch(err *json.UnmarshalTypeError) string {
	number, isNumber := strings.CutPrefix(err.Value, "number ")
	kind := err.Type.Kind()
	if isNumber && (kind == reflect.Float64 || kind == reflect.Int && !strings.ContainsAny(number, ".eE")) {
		return short(number) + " is out of range"
	}
	return fmt.Sprintf("%s instead of %s", short(err.Value), kinds[kind])
}

// badStart returns an error if no run can have begun at t.
func badStart(t time.Time) error {
	const first, last = 1000, 9999 // of four digits
	if year := t.UTC().Year(); !t.IsZero() && (year < first || year > last) {
		return fmt.Errorf("started: no run began in the year %d", year)
	}
	return nil
}

// fieldOf returns the name in JSON of the value that is wrong. Go calls a field of a Line by
// the types around it, too.
func fieldOf(err *json.UnmarshalTypeError) string {
	return short(strings.TrimPrefix(strings.TrimPrefix(err.Field, "Line."), "Entry."))
}

// isCutShort reports whether a text would be JSON if it went on. encoding/json takes the end of
// a text in the middle of a number, a word or an escape for a blank.
func isCutShort(err *json.SyntaxError, text []byte) bool {
	if strings.Contains(err.Error(), "unexpected end") {
		return true
	}
	return int(err.Offset) == len(text) && strings.Contains(err.Error(), "' '") && !bytes.HasSuffix(text, []byte(" "))
}

// kinds says what people call the types of a report.
var kinds = map[reflect.Kind]string{
	reflect.String:  "a text",
	reflect.Bool:    "true or false",
	reflect.Int:     "a whole number",
	reflect.Uint8:   "a number from 0 to 255",
	reflect.Uint16:  "a number from 0 to 65535",
	reflect.Float64: "a number",
	reflect.Slice:   "a list",
	reflect.Struct:  "an object",
	reflect.Map:     "an object",
}

// offsetOf returns the offset behind the name of a member of an object, or that of
// the end of the object if it has no such member.
func offsetOf(object []byte, name string) int64 {
	values := json.NewDecoder(bytes.NewReader(object))
	_, err := values.Token()
	for err == nil && values.More() {
		var member json.Token
		if member, err = values.Token(); err == nil && member == name {
			break
		}
		var skipped json.RawMessage
		if err == nil {
			err = values.Decode(&skipped)
		}
	}
	return values.InputOffset()
}
