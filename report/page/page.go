// SPDX-License-Identifier: Apache-2.0

// Package page writes a report as one page of HTML that a browser opens without a network:
// for managers, firewall teams and colleagues. It only writes: package content counts, sums
// up and sorts.
package page

import (
	"bufio"
	"embed"
	"fmt"
	"html/template"
	"io"

	"exreach/probe/protocol/wire"
	"exreach/report/content"
	"exreach/report/judge"
)

//go:embed *.html
var pieces embed.FS

//go:embed page.css
var style string

//go:embed page.js
var script string

// fewHosts is up to how many hosts are open when the page opens.
const fewHosts = 5

// manyHosts is from how many hosts on rows that are as wanted are told in fewer elements: a
// browser needs time for each.
const manyHosts = 100

// A Writer writes one page, host by host, and keeps none: call Begin, then Host for every host
// in the order of the grid's rows, then End.
type Writer struct {
	out     *bufio.Writer
	pieces  *template.Template
	head    content.Head
	columns map[content.Column]int
	matrix  bool // show who reaches which host, even if the report has one run
	hosts   int  // written so far
}

// New returns a Writer of a page to w.
func New(w io.Writer, s content.Style) *Writer {
	return &Writer{out: bufio.NewWriterSize(w, 1<<16), matrix: s.Matrix}
}

// Begin writes what comes before the hosts. The head must be complete.
func (w *Writer) Begin(h content.Head) error {
	all, err := template.ParseFS(pieces, "*.html")
	if err != nil {
		return fmt.Errorf("cannot read the templates of the page: %w", err)
	}
	w.pieces, w.head, w.columns = all, h, map[content.Column]int{}
	for i, c := range h.Grid.Columns {
		w.columns[c] = i
	}
	if err := w.write("begin", beginOf(h)); err != nil {
		return err
	}
	if h.IsJoined() || w.matrix {
		if err := w.write("pairs", pairsOf(h)); err != nil {
			return err
		}
	}
	if err := w.write("controls", h.Unit()); err != nil {
		return err
	}
	if err := w.grid(); err != nil {
		return err
	}
	return w.write("hosts", nil)
}

// grid writes the grid of hosts and services.
func (w *Writer) grid() error {
	if len(w.head.Grid.Rows) == 0 {
		return nil
	}
	if err := w.write("grid-begin", gridOf(w.head)); err != nil {
		return err
	}
	for i, row := range w.head.Grid.Rows {
		if err := w.write("grid-row", lineOf(w.head, row, i+1)); err != nil {
			return err
		}
	}
	return w.write("grid-end", nil)
}

// Host writes the next host.
func (w *Writer) Host(p content.Part) error {
	w.hosts++
	h := host{Writer: w, number: w.hosts, entries: p.Entries, told: map[string]mention{}, known: map[fact]bool{}, marked: map[int]bool{}}
	return h.write(p.Summary)
}

// End writes what comes after the hosts.
func (w *Writer) End(h content.Head) error {
	if err := w.write("end", endOf(h)); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *Writer) write(piece string, data any) error {
	return w.pieces.ExecuteTemplate(w.out, piece, data)
}

// longest is the most bytes of one text that a page shows. What exreach keeps of a peer is
// shorter; a forged report may carry more.
const longest = 4096

// text makes a text printable. html/template sees to markup.
func text(s string) string { return wire.Printable(s, longest) }

// A mark is a grade as the page shows it: in a word, and in a letter that is also the class
// of its colour.
type mark struct{ Letter, Word string }

func markOf(g judge.Grade) mark {
	switch g {
	case judge.Pass:
		return mark{"p", "pass"}
	case judge.Warn:
		return mark{"w", "warn"}
	case judge.Fail:
		return mark{"f", "fail"}
	}
	return mark{"u", "unknown"}
}

// Capital is the letter as the grid shows it.
func (m mark) Capital() string { return string(m.Letter[0] - 'a' + 'A') }
