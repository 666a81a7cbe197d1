// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
)

// quiet writes one row for an address at which no port answered.
func (h *tableHost) quiet(g content.Group) {
	rows := content.Rows(g.Entries)
	e := rows[0].First()
	text := "no answer at any of " + catalog.Count(len(content.Ports(g.Entries)), "port")
	h.paragraph(margin, margin+h.grade+gutter, span{pad(gradeWordOf(e), h.grade+1), inks[e.Grade]}, span{text, plain})
	h.trace(content.Followed(g.Entries))
	h.findings(e, h.indent())
	if ports := content.Ports(g.Entries); len(ports) > 1 {
		h.paragraph(h.indent(), h.indent(), span{"The same holds for all of its ports: " + content.Listed(ports, 12) + ".", dim})
	}
}

// row writes a row with its findings, then the rows behind it. It skips hidden rows.
func (h *tableHost) row(r content.Row, depth int) {
	if h.hides(r) {
		return
	}
	e := r.First()
	if e.Verdict == probe.Untried && len(r.Entries) > 1 {
		h.unasked(r)
		return
	}
	h.cells(r, depth)
	if e.Grade != judge.Pass {
		h.trace(e)
		h.findings(e, h.indent())
	}
	for _, b := range r.Behind {
		h.row(b, margin)
	}
}

// cells writes the line of a row. Where that is too narrow for the answer, or for the
// services too, they stand below.
func (h *tableHost) cells(r content.Row, depth int) {
	e := r.First()
	line := []span{
		{pad(gradeWordOf(e), h.grade+gutter), inks[e.Grade]},
		{padLeft(e.PortText(), h.port) + spaces(gutter), plain},
		{pad(e.VerdictText(), h.verdict+gutter), inks[e.Grade]},
	}
	services := span{pad(spaces(depth)+servicesOf(r), h.service+gutter), plain}
	took := span{padLeft(e.TookText(), h.took) + spaces(gutter), dim}
	switch {
	case h.fits(h.fixed()+useful) && (h.mayCut(e) || h.fits(h.fixed()+Columns(h.answerOf(r)))):
		h.answer(margin, h.fixed(), r, append(line, services, took)...)
	case h.fits(h.fixed() - gutter):
		h.line(margin, append(line, services, took)...)
		h.answer(h.indent(), h.indent(), r)
	default:
		h.line(margin, append(line, took)...)
		h.line(h.indent(), services)
		h.answer(h.indent(), h.indent(), r)
	}
}

// mayCut reports whether the answer of a row may be cut: few need all that a healthy service
// said.
func (h *tableHost) mayCut(e content.Entry) bool { return e.Grade == judge.Pass && !h.style.Verbose }

// answerOf is what a row answered, with the marks of its footnotes.
func (h *tableHost) answerOf(r content.Row) string {
	return printable(r.First().AnswerText()) + marksText(h.marksOf(r))
}

// answer ends a line, of which so many columns are used, with what the row answered. It cuts
// an answer that may be cut, but keeps the marks, and wraps any other on a line of its own.
func (h *tableHost) answer(indent, used int, r content.Row, before ...span) {
	if !h.mayCut(r.First()) && len(before) == 0 {
		h.paragraph(indent, indent, span{h.answerOf(r), dim})
		return
	}
	text, marks := printable(r.First().AnswerText()), marksText(h.marksOf(r))
	if h.style.Width > 0 {
		text = textOf(fit([]span{{text: text}}, max(h.style.Width-used-Columns(marks), 1)))
	}
	h.line(indent, append(before, span{text + marks, dim})...)
}

// textOf is the text of spans without their ink.
func textOf(line []span) string {
	text := ""
	for _, s := range line {
		text += s.text
	}
	return text
}

// unasked writes one row for all services that were not asked for the same reason.
func (h *tableHost) unasked(r content.Row) {
	e := r.First()
	text := fmt.Sprintf("%s %s", catalog.Count(len(r.Entries), content.UnitOf(e)), content.WhyUnasked(e))
	h.line(margin, span{pad(gradeWordOf(e), h.grade+gutter), inks[e.Grade]}, span{text, plain})
	h.findings(e, h.indent())
}
