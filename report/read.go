// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"unicode/utf16"
)

// maxFile bounds a saved report, in bytes: some 50 000 results.
const maxFile = 64 << 20

// Read reads back what the formats json and jsonl wrote. A stream of lines
// carries no heading: its report has neither tool, from nor start. The counts
// are made anew, and every text is made printable, since anybody may have
// written the file. Name stands for the file in errors.
func Read(name string, r io.Reader) (Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Report{}, fmt.Errorf("%s: reading the report: %w", name, err)
	}
	if len(data) > maxFile {
		return Report{}, fmt.Errorf("%s: larger than %d MiB, which is the most that is read", name, maxFile>>20)
	}
	read, err := parse(utf8Of(data))
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", name, err)
	}
	clean(reflect.ValueOf(&read).Elem())
	read.Counts = Counts{Unasked: max(0, read.Counts.Unasked)}
	for i := range read.Results {
		read.Results[i].order = i
		read.Counts.Add(read.Results[i].Grade)
	}
	arrange(read.Results)
	return read, nil
}

// parse tells a document from a stream by the first value: a document names its
// schema, a line has a verdict.
func parse(data []byte) (Report, error) {
	var first struct {
		Schema  *string `json:"schema"`
		Verdict *string `json:"verdict"`
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&first); err != nil {
		return Report{}, explain(data, err)
	}
	switch {
	case first.Schema == nil && first.Verdict != nil:
		return parseStream(data)
	case first.Schema == nil:
		return Report{}, fmt.Errorf("line 1: no \"schema\", so this is not a report of exreach; accepted: %q", Schema)
	case *first.Schema != Schema:
		return Report{}, fmt.Errorf("line %d: unknown schema %q; accepted: %q", lineOf(data, "schema"), printable(*first.Schema), Schema)
	}
	return parseDocument(data)
}

// parseDocument leaves names that it does not know alone: the layout grows
// without changing the name of its schema.
func parseDocument(data []byte) (Report, error) {
	read := Report{Results: []Entry{}}
	if err := json.Unmarshal(data, &read); err != nil {
		return Report{}, explain(data, err)
	}
	for i, e := range read.Results {
		if bad := badWord(e); bad != nil {
			return Report{}, fmt.Errorf("line %d: result %d: %w", lineOf(data, "results", i, bad.name), i+1, bad)
		}
	}
	return read, nil
}

// parseStream reads one entry a line.
func parseStream(data []byte) (Report, error) {
	read := Report{Schema: Schema, Results: []Entry{}}
	line := 0
	for text := range bytes.Lines(data) {
		line++
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var e Entry
		if err := json.Unmarshal(text, &e); err != nil {
			return Report{}, fmt.Errorf("line %d: %s", line, reason(err))
		}
		if bad := badWord(e); bad != nil {
			return Report{}, fmt.Errorf("line %d: %w", line, bad)
		}
		read.Results = append(read.Results, e)
	}
	return read, nil
}

// utf8Of turns what Windows makes of a redirected report into plain UTF-8:
// PowerShell 5 writes UTF-16, editors put a byte order mark in front.
func utf8Of(data []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	var units []uint16
	for data = data[2:]; len(data) >= 2; data = data[2:] {
		units = append(units, order.Uint16(data))
	}
	return []byte(string(utf16.Decode(units)))
}

// clean makes every text inside v printable.
func clean(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(printable(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			clean(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			clean(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				clean(v.Field(i))
			}
		}
	case reflect.Map: // of strings to strings, as Peer.Facts is
		for _, key := range v.MapKeys() {
			value := v.MapIndex(key).String()
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(reflect.ValueOf(printable(key.String())), reflect.ValueOf(printable(value)))
		}
	}
}
