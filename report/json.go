// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
)

// lines writes each entry as one line (JSON Lines), and the lines of a host at once.
type lines struct {
	out  io.Writer
	text bytes.Buffer
	json *json.Encoder
}

func newLines(w io.Writer, _ Style) Writer {
	l := &lines{out: w}
	l.json = json.NewEncoder(&l.text)
	l.json.SetEscapeHTML(false)
	return l
}

func (l *lines) Begin(Head) error { return nil }

func (l *lines) Host(p Part) error {
	for _, e := range p.Entries {
		if err := l.json.Encode(e); err != nil {
			return err
		}
	}
	_, err := l.text.WriteTo(l.out)
	return err
}

func (l *lines) End(Head) error { return nil }

// A documentWriter writes the whole report as one document (docs/report.schema.json).
// The results stand last in it and go out one by one: the text of all of them would
// take more memory than they do.
type documentWriter struct {
	out   *bufio.Writer
	begun bool // a result was written
}

func newDocumentWriter(w io.Writer, _ Style) Writer { return &documentWriter{out: bufio.NewWriter(w)} }

func (d *documentWriter) Begin(h Head) error {
	h.Results = []Entry{}
	head, err := indented(h.Report, "")
	if err != nil {
		return err
	}
	_, err = d.out.Write(bytes.TrimSuffix(head, []byte("]\n}")))
	return err
}

func (d *documentWriter) Host(p Part) error {
	for _, e := range p.Entries {
		before := ",\n    "
		if !d.begun {
			before = before[1:]
		}
		d.begun = true
		text, err := indented(e, "    ")
		if err != nil {
			return err
		}
		d.out.WriteString(before)
		if _, err := d.out.Write(text); err != nil {
			return err
		}
	}
	return nil
}

func (d *documentWriter) End(Head) error {
	if d.begun {
		d.out.WriteString("\n  ")
	}
	d.out.WriteString("]\n}\n")
	return d.out.Flush() // which returns the error of any earlier write
}

// indented returns v as JSON. All lines but the first begin with prefix.
func indented(v any, prefix string) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent(prefix, "  ")
	err := out.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}

// writeIndented writes v as one document.
func writeIndented(w io.Writer, v any) error {
	text, err := indented(v, "")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// writeTraceJSON writes one document (docs/report.schema.json, traceReport).
func writeTraceJSON(w io.Writer, r TraceReport, _ Style) error { return writeIndented(w, r) }
