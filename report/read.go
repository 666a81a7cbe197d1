// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"exreach/report/charset"
)

// maxResult is how long the text of one result may be, in bytes. What exreach writes is
// shorter. The whole has no limit: a report of many hosts is long.
const maxResult = 2 << 20

// ReadInto reads a saved report and adds it to a draft. name stands for the file in errors.
func ReadInto(name string, r io.Reader, d *Draft) error {
	var unwritten error
	of := byHost{take: func(entries []Entry) bool {
		unwritten = d.Take(entries)
		return unwritten == nil
	}}
	head, err := parse(r, of.add)
	if err == nil {
		of.end()
	}
	switch {
	case unwritten != nil:
		return unwritten
	case err != nil:
		return &UnreadError{fmt.Errorf("%s: %w", name, err)}
	}
	unasked := max(0, head.Counts.Hosts.Unasked)
	clean(reflect.ValueOf(&head).Elem())
	d.Know(head)
	return d.End(Tail{Unasked: unasked})
}

// parse passes each result to take until take returns false, and returns the report
// without its results. It takes a text for a stream of lines if the first line has a
// verdict and no schema, and else for a document, which must name its schema.
func parse(r io.Reader, take func(Entry) bool) (Report, error) {
	in := bufio.NewReaderSize(charset.UTF8(r), maxResult)
	checked := checker{room: spareRoom, take: take}
	if isStream(in) {
		return Report{Schema: Schema}, parseStream(in, &checked)
	}
	d := newDocument(in, &checked)
	if err := d.parse(); err != nil && !errors.Is(err, errEnough) {
		return Report{}, err
	}
	return d.head, nil
}

// isStream reports whether the first line is a result.
func isStream(in *bufio.Reader) bool {
	for n := 1 << 10; ; n *= 2 {
		text, err := in.Peek(min(n, maxResult))
		text = bytes.TrimLeft(text, " \t\r\n")
		end := bytes.IndexByte(text, '\n')
		if end < 0 && err == nil && n < maxResult {
			continue
		}
		if end >= 0 {
			text = text[:end]
		}
		var first struct {
			Schema  *string `json:"schema"`
			Verdict *string `json:"verdict"`
		}
		return json.Unmarshal(text, &first) == nil && first.Schema == nil && first.Verdict != nil
	}
}

// parseStream reads one entry a line.
func parseStream(in *bufio.Reader, c *checker) error {
	for line := 1; ; line++ {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d: %w", line, errTooLong)
		case err != nil && err != io.EOF:
			return fmt.Errorf("reading the report: %w", err)
		}
		if len(bytes.TrimSpace(text)) > 0 {
			if bad := c.entry(text); errors.Is(bad, errEnough) {
				return nil
			} else if bad != nil {
				return fmt.Errorf("line %d: %s", line, reason(bad))
			}
		}
		if err != nil {
			return nil
		}
	}
}

var (
	errTooLong = fmt.Errorf("a result of more than %d MiB: exreach writes none", maxResult>>20)
	errTooThin = errors.New("these results would take many times the memory of their text: exreach did not write them")
	errEnough  = errors.New("no more results are wanted")
)

// Results may take roomPerByte times as many bytes of memory as their text has, and
// spareRoom bytes more.
const (
	roomPerByte = 4
	spareRoom   = 1 << 20
)

// A checker checks one result after the other, and passes on the valid ones.
type checker struct {
	room int // bytes that results may still take
	take func(Entry) bool
	now  Entry // the result that is checked; the same variable for all
}

// entry checks the text of one result and passes it on. It returns errEnough if take
// wants no more.
func (c *checker) entry(text []byte) error {
	c.now = Entry{}
	if err := json.Unmarshal(text, &c.now); err != nil {
		return err
	}
	if bad := badWord(&c.now); bad != nil {
		return bad
	}
	v := reflect.ValueOf(&c.now).Elem()
	if c.room += roomPerByte*len(text) - sizeOf(v); c.room < 0 {
		return errTooThin
	}
	clean(v)
	if !c.take(c.now) {
		return errEnough
	}
	return nil
}

// sizeOf returns how many bytes of memory v takes.
func sizeOf(v reflect.Value) int { return int(v.Type().Size()) + sizeBehind(v) }

// sizeBehind returns how many of these bytes v only points to.
func sizeBehind(v reflect.Value) (size int) {
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer:
		if !v.IsNil() && v.CanSet() {
			return sizeOf(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			size += sizeOf(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			size += sizeBehind(v.Field(i))
		}
	case reflect.Map:
		const slot = 64 // and as much again where it is half full
		for _, key := range v.MapKeys() {
			size += slot + key.Len() + v.MapIndex(key).Len()
		}
	}
	return size
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
