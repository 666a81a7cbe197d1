// SPDX-License-Identifier: Apache-2.0

// Package table writes reports, traces and the catalogue as aligned text, for people at a
// terminal.
package table

import (
	"fmt"
	"io"
	"strings"

	"exreach/catalog"
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
}

// columns is how wide each column of a table is.
type columns struct{ grade, port, service, verdict, took int }

// New returns a writer of a report for people.
func New(w io.Writer, s content.Style) *Table { return &Table{page: newPage(w, s)} }

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
	if err := t.measure(h.Parts); err != nil {
		return err
	}
	if len(h.Hosts) > 1 || t.style.Matrix {
		t.paragraph(0, margin, span{overall(h), bold})
		t.asked()
		t.line(0)
	}
	if t.style.Matrix {
		t.matrix(h.Matrix())
	}
	return nil
}

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

// overall answers for a run of several hosts: how many fail, and why. What is wrong beside
// reachability is a sentence of its own.
func overall(h content.Head) string {
	text := verdictOn(h)
	reasons, beside := causeTexts(h, false), causeTexts(h, true)
	if reasons != "" {
		text += ": " + reasons
	}
	text += "."
	if n := h.Counts.Hosts.Unasked; n > 0 {
		text += " " + catalog.Count(n, "more host") + " not asked."
	}
	if h.Counts.Hosts.Unread {
		text += " The list of hosts was not read to its end."
	}
	if beside != "" {
		text += " " + beside + "."
	}
	return text
}

// verdictOn says how many hosts are as wanted.
func verdictOn(h content.Head) string {
	of := h.Counts.Hosts
	hosts := catalog.Count(len(h.Hosts), h.Unit())
	isAre := "are"
	if of.Fail == 1 {
		isAre = "is"
	}
	switch {
	case of.Fail > 0 && of.Unknown > 0:
		return fmt.Sprintf("%d of %s %s not as wanted, and %d could not be determined", of.Fail, hosts, isAre, of.Unknown)
	case of.Fail > 0:
		return fmt.Sprintf("%d of %s %s not as wanted", of.Fail, hosts, isAre)
	case of.Unknown > 0:
		return fmt.Sprintf("%d of %s could not be determined", of.Unknown, hosts)
	case of.Warn > 0:
		return fmt.Sprintf("Nothing fails; warnings on %d of %s", of.Warn, hosts) // which may be about what is required
	case of.Care.Pass < len(h.Hosts):
		return fmt.Sprintf("Everything required is reachable on all %s", hosts)
	}
	return fmt.Sprintf("All %s are as wanted", hosts)
}

// causeTexts names the causes that matter most, of the grade or of the care; "" if there
// are none.
func causeTexts(h content.Head, beside bool) string {
	const most = 3
	var texts []string
	more := 0
	for _, c := range h.Causes {
		switch {
		case c.Beside != beside:
		case len(texts) == most:
			more++
		default:
			texts = append(texts, causeText(c)+" "+onHosts(c, len(h.Hosts), h.Unit(), 2))
		}
	}
	if more > 0 {
		texts = append(texts, catalog.Count(more, "more cause"))
	}
	return strings.Join(texts, "; ")
}

func causeText(c content.Cause) string { return strings.TrimSpace(printable(c.What + " " + c.How)) }

// onHosts says on which of all hosts a cause was seen, and names a few.
func onHosts(c content.Cause, all int, unit string, names int) string {
	if c.Hosts <= min(names, len(c.Names)) {
		return "on " + printable(strings.Join(c.Names, ", "))
	}
	return fmt.Sprintf("on %d of %s", c.Hosts, catalog.Count(all, unit))
}

// asked writes when, from where and as whom the runs asked, as far as that is known: a table
// in a mail or a ticket stands alone.
func (t *Table) asked() {
	if !t.head.IsJoined() {
		t.askedBy("Asked ", t.head.RunOf(0))
		return
	}
	t.line(0, span{fmt.Sprintf("Joined from %d runs:", len(t.head.Runs)), dim})
	for _, run := range t.head.Runs {
		t.askedBy(run.Name+": asked ", run)
	}
}

func (t *Table) askedBy(before string, run content.Run) {
	text := run.Asked()
	switch {
	case text == "" && !t.head.IsJoined():
		return
	case text == "":
		text = "when and by whom is not known"
	}
	if run.StandIn {
		text += "; the server is a stand-in with deliberate faults"
	}
	t.paragraph(0, margin, span{before + text + ".", dim})
}
