// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
	"exreach/report/judge"
)

// The words that a result may have where a word decides what it means.
var (
	verdictWords  = words(judge.Verdicts())
	gradeNames    = words(judge.Grades())
	wantWords     = words(judge.Wants())
	obstacleWords = words(judge.Obstacles())
	tlsCauseWords = words([]protocol.TLSCause{
		protocol.TLSAlerted, protocol.TLSInClear, protocol.TLSRenegotiation, protocol.TLSCertificateWanted, protocol.TLSUnreadable, protocol.TLSBroken,
	})
)

func words[T ~string](set []T) []string {
	var list []string
	for _, w := range set {
		list = append(list, string(w))
	}
	return list
}

// badWord returns the first word of an entry that is not known, nil if all are.
func badWord(e *Entry) *catalog.WordError {
	for _, w := range []catalog.WordError{
		{Kind: "want", Word: string(e.Want), Accepted: wantWords},
		{Kind: "verdict", Word: string(e.Verdict), Accepted: verdictWords},
		{Kind: "grade", Word: string(e.Grade), Accepted: gradeNames},
	} {
		if !slices.Contains(w.Accepted, w.Word) {
			return &w
		}
	}
	if e.Obstacle != "" && !slices.Contains(obstacleWords, string(e.Obstacle)) { // reports of earlier versions have none
		return &catalog.WordError{Kind: "obstacle", Word: string(e.Obstacle), Accepted: obstacleWords}
	}
	if e.Peer != nil && e.Peer.TLSFailure != nil && !slices.Contains(tlsCauseWords, string(e.Peer.TLSFailure.Cause)) {
		return &catalog.WordError{Kind: "cause", Word: string(e.Peer.TLSFailure.Cause), Accepted: tlsCauseWords}
	}
	return nil
}

// reason says why a text is not the JSON of a report.
func reason(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var date *time.ParseError
	switch {
	case err == io.EOF:
		return "the file is empty"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && strings.Contains(syntax.Error(), "unexpected end"):
		return "the text ends too early: the file was truncated while it was written or copied"
	case errors.As(err, &syntax):
		return "not JSON: " + syntax.Error()
	case errors.As(err, &kind):
		return fmt.Sprintf("%s: %s stands where %s belongs", cmp.Or(kind.Field, "the whole"), kind.Value, kinds[kind.Type.Kind()])
	case errors.As(err, &date):
		return fmt.Sprintf("%q is not a time, which looks like %s", printable(date.Value), time.RFC3339)
	}
	return err.Error()
}

// kinds says what people call the types of a report.
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
