// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"exreach/catalog"
)

// A document is a report in one JSON object. parse reads it one value at a time.
type document struct {
	values *json.Decoder
	text   *countedText
	check  *checker
	head   Report
	value  json.RawMessage // the value that next read last
}

func newDocument(r io.Reader, c *checker) *document {
	text := &countedText{in: r}
	return &document{values: json.NewDecoder(text), text: text, check: c}
}

// parse reads the whole document. It ignores names that it does not know: the layout
// grows without a change of schema.
func (d *document) parse() error {
	if err := d.begins('{', "the whole"); err != nil {
		return err
	}
	into := heading(&d.head)
	named := false
	for d.values.More() {
		name, err := d.values.Token()
		if err != nil {
			return d.explain(err)
		}
		switch name {
		case "results":
			err = d.results()
		default:
			err = d.member(name.(string), into[name.(string)])
		}
		if err == nil && name == "schema" {
			named = true
			if d.head.Schema != Schema {
				err = fmt.Errorf("line %d: unknown schema %q; accepted: %q", d.line(), printable(d.head.Schema), Schema)
			}
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.values.Token(); err != nil {
		return d.explain(err)
	}
	if !named {
		return fmt.Errorf("line 1: no \"schema\", so this is not a report of exreach; accepted: %q", Schema)
	}
	return d.ended()
}

// heading returns where in r each value of a report goes, by its name in JSON.
func heading(r *Report) map[string]any {
	into := map[string]any{}
	v := reflect.ValueOf(r).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		into[name] = v.Field(i).Addr().Interface()
	}
	return into
}

// begins reads the token that begins an object or a list. name is for the error.
func (d *document) begins(want json.Delim, name string) error {
	token, err := d.values.Token()
	switch {
	case err != nil:
		return d.explain(err)
	case token != want:
		return fmt.Errorf("line %d: %s: %s stands where %s belongs", d.line(), name, kindOf(token), map[json.Delim]string{'{': "an object", '[': "a list"}[want])
	}
	return nil
}

// kindOf returns what encoding/json calls a value that begins with token.
func kindOf(token json.Token) string {
	switch token := token.(type) {
	case json.Delim:
		return map[json.Delim]string{'{': "object", '[': "array"}[token]
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "bool"
	}
	return "null"
}

// member reads one value of the heading. A nil into skips it.
func (d *document) member(name string, into any) error {
	text, err := d.next()
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return d.within(text, name, err)
	}
	return nil
}

// next reads the next value and returns its text, which the next call overwrites.
func (d *document) next() (json.RawMessage, error) {
	d.text.forget(d.values.InputOffset())
	if err := d.values.Decode(&d.value); err != nil {
		return nil, d.explain(d.placed(err))
	}
	return d.value, nil
}

// placed corrects the offset of a syntax error in the next value to that in the whole text:
// a decoder that has skipped something counts wrong.
func (d *document) placed(err error) error {
	if _, ok := errors.AsType[*json.SyntaxError](err); !ok {
		return err
	}
	var value json.RawMessage
	again, ok := errors.AsType[*json.SyntaxError](json.NewDecoder(d.values.Buffered()).Decode(&value))
	if !ok {
		return err
	}
	again.Offset += d.values.InputOffset()
	return again
}

func (d *document) results() error {
	if err := d.begins('[', "results"); err != nil {
		return err
	}
	for n := 1; d.values.More(); n++ {
		text, err := d.next()
		if err != nil {
			return err
		}
		err = d.check.entry(text)
		word := (*catalog.WordError)(nil)
		switch {
		case errors.As(err, &word):
			return fmt.Errorf("line %d: result %d: %w", d.lineOf(text, word.Kind), n, word)
		case errors.Is(err, errEnough):
			return err
		case err != nil:
			return d.within(text, "results", err)
		}
	}
	if _, err := d.values.Token(); err != nil {
		return d.explain(err)
	}
	return nil
}

// ended makes sure that nothing follows the document.
func (d *document) ended() error {
	d.text.forget(d.values.InputOffset())
	token, err := d.values.Token()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return d.explain(err)
	}
	mark := '"'
	if delim, ok := token.(json.Delim); ok {
		mark = rune(delim)
	}
	return fmt.Errorf("line %d: not JSON: invalid character %s after top-level value", d.line(), "'"+string(mark)+"'")
}

// line returns the line on which the last token or value ends.
func (d *document) line() int { return d.text.line(d.values.InputOffset()) }

// within explains what is wrong with the value that was read last.
func (d *document) within(text []byte, name string, err error) error {
	at := int64(len(text))
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		at = kind.Offset
		kind.Field = joined(name, kind.Field)
	}
	return fmt.Errorf("line %d: %s", d.text.line(d.values.InputOffset()-int64(len(text))+at), reason(err))
}

func joined(name, field string) string {
	if field == "" {
		return name
	}
	return name + "." + field
}

// lineOf returns the line of a member of the object that was read last, whose text is text.
func (d *document) lineOf(text []byte, name string) int {
	return d.text.line(d.values.InputOffset() - int64(len(text)) + offsetOf(text, name))
}

// explain says where and why the text is not a report.
func (d *document) explain(err error) error {
	at := d.text.end
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errTooLong):
		return fmt.Errorf("line %d: %w", d.line(), errTooLong)
	case d.text.err != nil:
		return fmt.Errorf("reading the report: %w", d.text.err)
	case err == io.EOF && d.text.end > 0:
		err = io.ErrUnexpectedEOF
	case errors.As(err, &syntax):
		at = syntax.Offset
	}
	return fmt.Errorf("line %d: %s", d.text.line(at), reason(err))
}

// A countedText counts the lines of a text, and fails where one value of it is too long.
type countedText struct {
	in    io.Reader
	read  int64   // bytes so far
	end   int64   // the offset behind the last byte that is not part of the end of a line
	lines int     // how many ends of lines forget has dropped
	ends  []int64 // where lines end, from done on
	done  int64   // the offset before which the document no longer asks line
	err   error   // of in
}

func (n *countedText) Read(p []byte) (int, error) {
	if n.read-n.done > maxResult {
		return 0, errTooLong
	}
	size, err := n.in.Read(p)
	for i, b := range p[:size] {
		switch b {
		case '\n':
			n.ends = append(n.ends, n.read+int64(i))
		case '\r':
		default:
			n.end = n.read + int64(i) + 1
		}
	}
	n.read += int64(size)
	if err != nil && err != io.EOF {
		n.err = err
	}
	return size, err
}

// forget drops what is known of the text before an offset.
func (n *countedText) forget(before int64) {
	n.done = before
	i, _ := slices.BinarySearch(n.ends, before)
	n.lines += i
	n.ends = append(n.ends[:0], n.ends[i:]...)
}

// line returns the number of the line that an offset is in.
func (n *countedText) line(offset int64) int {
	i, _ := slices.BinarySearch(n.ends, max(offset-1, 0))
	return 1 + n.lines + i
}
