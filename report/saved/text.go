// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

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
	if n.read-n.done > maxValue {
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

// line returns the line on which the last token or value ends.
func (d *document) line() int { return d.text.line(d.values.InputOffset()) }

// within explains what is wrong with the value that was read last.
func (d *document) within(text []byte, name string, err error) error {
	at := int64(len(text))
	var kind *json.UnmarshalTypeError
	var wrong *forgedError
	switch {
	case errors.As(err, &kind):
		at = kind.Offset
		kind.Field = joined(name, kind.Field)
	case errors.As(err, &wrong):
		at = int64(wrong.at)
		err = fmt.Errorf("%s: %w", name, wrong.error)
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

// explain says where and why the text is not a report, unless err is nil.
func (d *document) explain(err error) error {
	if err == nil {
		return nil
	}
	at := d.text.end
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errTooLong):
		return fmt.Errorf("line %d: %w", d.line(), errTooLong)
	case d.text.err != nil:
		return fmt.Errorf("cannot read on at line %d: %w", d.text.line(at), d.text.err)
	case err == io.EOF && d.text.end > 0:
		err = io.ErrUnexpectedEOF
	case errors.As(err, &syntax):
		at = syntax.Offset
	}
	return fmt.Errorf("line %d: %s", d.text.line(at), reason(err))
}
