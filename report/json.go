// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"exreach/probe/protocol/tls12"
	"exreach/report/content"
)

// A Line is a result in JSON Lines. It can be read without the other lines of its file.
type Line struct {
	Schema  string    `json:"schema"`
	Tool    string    `json:"tool,omitempty"`
	From    string    `json:"from,omitempty"`
	Machine string    `json:"machine,omitempty"`
	Started time.Time `json:"started,omitzero"`
	StandIn bool      `json:"stand_in,omitempty"`
	content.Entry
}

// muchText is how many bytes of lines are kept before they are written: those of a host are
// far fewer, but a forged report may have any number.
const muchText = 1 << 20

// lines writes each entry as one line (JSON Lines), and the lines of a host at once.
type lines struct {
	out  io.Writer
	text bytes.Buffer
	json *json.Encoder
}

func newLines(w io.Writer, _ content.Style) Writer {
	l := &lines{out: w}
	l.json = json.NewEncoder(&l.text)
	l.json.SetEscapeHTML(false)
	return l
}

func (l *lines) Begin(content.Head) error { return nil }

func (l *lines) Host(p content.Part) error {
	for _, e := range p.Entries {
		e.Run = 0 // the line says which it is
		line := Line{
			Schema: content.Schema, Tool: p.Run.Tool, From: p.Run.From, Machine: p.Run.Machine,
			Started: p.Run.Started, StandIn: p.Run.StandIn, Entry: e,
		}
		if err := l.json.Encode(line); err != nil {
			return err
		}
		if l.text.Len() >= muchText {
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
	return l.flush()
}

// flush writes the lines that were kept.
func (l *lines) flush() error {
	_, err := l.out.Write(ascii(l.text.Bytes()))
	l.text.Reset()
	return err
}

func (l *lines) End(content.Head) error { return nil }

// A documentWriter writes the whole report as one document (docs/report.schema.json).
// Hosts, certificates and results go out one by one: the text of all of them would take more
// memory than they do.
type documentWriter struct {
	out *bufio.Writer
	in  member
}

func newDocumentWriter(w io.Writer, _ content.Style) Writer {
	return &documentWriter{out: bufio.NewWriter(w)}
}

func (d *documentWriter) Begin(h content.Head) error {
	hosts := h.Hosts
	h.Hosts, h.Results = []content.Summary{}, []content.Entry{}
	head, err := indented(h.Report, "")
	if err != nil {
		return err
	}
	before, behind, hasHosts := bytes.Cut(head, []byte("\n  \"hosts\": []"))
	between, hasResults := bytes.CutSuffix(behind, []byte("\"results\": []\n}"))
	if !hasHosts || !hasResults {
		return errors.New("the head of the report has no place for hosts and results")
	}
	d.out.Write(before)
	if err := d.hosts(hosts); err != nil {
		return err
	}
	d.out.Write(between)
	if err := d.certificates(h.AllCertificates); err != nil {
		return err
	}
	return d.begin("results", "[", "]")
}

// hosts writes the answer for each host.
func (d *documentWriter) hosts(all []content.Summary) error {
	d.out.WriteString("\n  ")
	if err := d.begin("hosts", "[", "]"); err != nil {
		return err
	}
	for _, s := range all {
		if err := d.element("", s); err != nil {
			return err
		}
	}
	d.end()
	return nil
}

// certificates writes every certificate once, by its fingerprint.
func (d *documentWriter) certificates(all iter.Seq2[tls12.Certificate, error]) error {
	begun := false
	for cert, err := range all {
		if err == nil && !begun {
			begun, err = true, d.begin("certificates", "{", "}")
		}
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%q: ", cert.SHA256)
		cert.SHA256 = "" // it is the name
		if err := d.element(name, cert); err != nil {
			return err
		}
	}
	if !begun {
		return nil
	}
	d.end()
	_, err := d.out.WriteString(",\n  ")
	return err
}

func (d *documentWriter) Host(p content.Part) error {
	for _, e := range p.Entries {
		if err := d.element("", e); err != nil {
			return err
		}
	}
	return nil
}

func (d *documentWriter) End(content.Head) error {
	d.end()
	d.out.WriteString("\n}\n")
	return d.out.Flush() // which returns the error of any earlier write
}

// A member is the list or object of a document whose elements are being written.
type member struct {
	closing string
	begun   bool // it has an element
}

func (d *documentWriter) begin(name, opening, closing string) error {
	d.in = member{closing: closing}
	_, err := fmt.Fprintf(d.out, "%q: %s", name, opening)
	return err
}

// element writes the next element. What stands before its value is its name.
func (d *documentWriter) element(name string, value any) error {
	text, err := indented(value, "    ")
	if err != nil {
		return err
	}
	if d.in.begun {
		d.out.WriteString(",")
	}
	d.in.begun = true
	d.out.WriteString("\n    " + name)
	_, err = d.out.Write(text)
	return err
}

func (d *documentWriter) end() {
	if d.in.begun {
		d.out.WriteString("\n  ")
	}
	d.out.WriteString(d.in.closing)
}

// indented returns v as JSON in ASCII. All lines but the first begin with prefix.
func indented(v any, prefix string) ([]byte, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent(prefix, "  ")
	err := out.Encode(v)
	return ascii(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), err
}

// ascii returns JSON with every character beyond ASCII escaped: PowerShell 5.1 takes what
// a program writes, and what is in a file, for text in the code page of the machine.
func ascii(text []byte) []byte {
	first := bytes.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
	if first < 0 {
		return text
	}
	escaped := bytes.Clone(text[:first])
	for _, r := range string(text[first:]) {
		switch {
		case r < utf8.RuneSelf:
			escaped = append(escaped, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
	}
	return escaped
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
func writeTraceJSON(w io.Writer, r content.TraceReport, _ content.Style) error {
	return writeIndented(w, r)
}
