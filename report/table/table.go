// SPDX-License-Identifier: Apache-2.0

// Package table writes reports, traces and the catalogue as aligned text, for people at a
// terminal.
package table

import (
	"io"

	"exreach/report/content"
	"exreach/report/judge"
)

// The columns of a row that do not depend on what is in it.
const (
	margin = 2
	gutter = 2
	widest = 40 // of the service column; longer names push what follows
	roomy  = 80 // from this width on, findings stand under the verdict
	useful = 12 // an answer that is cut shorter says nothing
)

// inks is the colour of every grade.
var inks = map[judge.Grade]ink{judge.Pass: green, judge.Warn: yellow, judge.Fail: red, judge.Unknown: magenta}

// A Table is the writer of reports for people.
type Table struct {
	page
	columns
	head content.Head
	told map[told]bool // footnotes that stand above, of many hosts
}

// columns is how wide each column of a table is.
type columns struct{ grade, port, service, verdict, took int }

// New returns a writer of a report for people.
func New(w io.Writer, s content.Style) *Table {
	return &Table{page: newPage(w, s), told: map[told]bool{}}
}

// measure makes every column as wide as its widest cell.
func (c *columns) measure(hosts content.Parts) error {
	for p, err := range hosts {
		if err != nil {
			return err
		}
		c.add(p.Entries)
	}
	return nil
}

func (c *columns) add(entries []content.Entry) {
	for g := range content.Groups(entries) {
		if g.Whole != nil {
			continue // has no rows
		}
		for _, r := range content.Rows(g.Entries) {
			c.fit(r)
		}
	}
}

func (c *columns) fit(r content.Row) {
	e := r.First()
	c.grade = max(c.grade, Columns(gradeWordOf(e)))
	c.port = max(c.port, Columns(e.PortText()))
	c.service = min(max(c.service, Columns(servicesOf(r))), widest)
	c.verdict = max(c.verdict, Columns(e.VerdictText()))
	c.took = max(c.took, Columns(e.TookText()))
	for _, b := range r.Behind {
		c.fit(b)
	}
}

func (t *Table) Begin(h content.Head) error {
	t.head = h
	if len(h.Hosts) == 0 {
		return nil // the end says why
	}
	if err := t.measure(h.Parts); err != nil {
		return err
	}
	for _, text := range h.LinkTexts() {
		t.paragraph(0, margin, span{text, bold})
	}
	if t.answersFirst() {
		t.paragraph(0, margin, span{h.Headline(), bold})
		t.asked()
		t.line(0)
	}
	if t.style.Matrix {
		t.matrix(h.Matrix())
	}
	return nil
}

// answersFirst reports whether the answer, and who asked, stand above the hosts. A single host
// has its answer in its own heading.
func (t *Table) answersFirst() bool { return len(t.head.Hosts) > 1 || t.style.Matrix }

func (t *Table) Host(p content.Part) error {
	if t.style.Matrix {
		return nil
	}
	h := tableHost{Table: t, Part: p, printed: map[string]bool{}, stops: map[stop]uint16{}}
	h.write()
	_, err := t.out.Write(nil) // returns the error of an earlier write
	return err
}

// fixed is how many columns stand before the answer.
func (t *Table) fixed() int {
	return margin + t.grade + gutter + t.port + gutter + t.verdict + gutter + t.service + gutter + t.took + gutter
}

// indent is where findings stand under their row.
func (t *Table) indent() int {
	indent := margin + t.grade + gutter
	if t.fits(roomy) {
		indent += t.port + gutter
	}
	if !t.fits(indent + useful) {
		return margin
	}
	return indent
}

func (t *Table) fits(columns int) bool { return t.style.Width <= 0 || columns <= t.style.Width }

// asked writes when, from where and as whom the runs asked: a table in a mail or a ticket
// stands alone.
func (t *Table) asked() {
	for _, text := range t.head.AskedTexts() {
		t.paragraph(0, margin, span{text, dim})
	}
}
