// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/report/judge"
)

// The columns of a row that do not depend on what is in it.
const (
	margin = 2
	gutter = 2
	widest = 40 // of the service column; longer names push what follows
	roomy  = 80 // from this width on, findings stand under the service
	useful = 12 // an answer that is cut shorter says nothing
)

// inks is the colour of every grade.
var inks = map[judge.Grade]ink{judge.Pass: green, judge.Warn: yellow, judge.Fail: red, judge.Unknown: magenta}

// A table is the Writer of reports for people.
type table struct {
	page
	columns
	from    string
	printed map[string]bool // the findings of this group that were printed above
	named   string          // the last host for which aboutName wrote

	releases *catalog.Releases
}

// columns is how wide each column of a table is.
type columns struct{ grade, port, service, verdict, took int }

// newTable returns a Writer of a report for people.
func newTable(w io.Writer, s Style) Writer { return &table{page: newPage(w, s)} }

func (t *table) Begin(h Head) error {
	t.columns, t.from, t.releases = h.columns, h.From, h.releases
	return nil
}

func (t *table) Host(entries []Entry) error {
	for g := range groups(entries) {
		t.group(g)
		t.line(0)
	}
	_, err := t.out.Write(nil) // returns the error of an earlier write
	return err
}

func (t *table) End(h Head) error {
	t.groundRules(h.GroundRules)
	t.summary(h)
	return t.out.Flush()
}

// measure makes every column as wide as its widest cell.
func (c *columns) measure(entries []Entry) {
	for g := range groups(entries) {
		if g.Whole != nil {
			continue // has no rows
		}
		for _, e := range g.Entries {
			c.grade = max(c.grade, width(gradeWordOf(e)))
			c.port = max(c.port, width(portOf(e)))
			c.service = min(max(c.service, width(serviceOf(e))), widest)
			c.verdict = max(c.verdict, width(printable(string(e.Verdict))))
			c.took = max(c.took, width(tookOf(e)))
		}
	}
}

func (t *table) group(g Group) {
	t.printed = map[string]bool{}
	if e := g.Whole; e != nil {
		t.paragraph(0, margin, append(nameOf(g),
			span{" " + string(e.Verdict) + ":", inks[e.Grade]},
			span{fmt.Sprintf("%s (%s not asked)", e.Detail, catalog.Count(len(g.Entries), "service")), plain})...)
		t.aboutName(g)
		t.findings(*e, margin)
		return
	}
	who := strings.TrimSpace(t.releases.Called(g.Version) + " " + g.Role)
	switch {
	case g.Version == "":
		who = "the ports asked for"
	case t.from != "":
		who += ", as " + t.from + " sees it"
	}
	t.paragraph(0, margin, append(nameOf(g), span{" " + who, dim})...)
	t.aboutName(g)
	for _, e := range g.Entries {
		t.row(e)
		t.trace(e, t.indent())
		t.findings(e, t.indent())
	}
}

// row writes one entry as one line, or as two where the columns are too narrow
// for the verdict.
func (t *table) row(e Entry) {
	start := []span{
		{pad(gradeWordOf(e), t.grade+gutter), inks[e.Grade]},
		{padLeft(portOf(e), t.port) + spaces(gutter) + pad(serviceOf(e), t.service) + spaces(gutter), plain},
	}
	end := []span{{pad(printable(string(e.Verdict)), t.verdict), inks[e.Grade]}}
	if t.narrow() {
		t.line(margin, start...)
		start = []span{{spaces(t.grade + gutter), plain}}
	}
	if t.fits(t.toAnswer() - gutter) {
		end = append(end, span{spaces(gutter) + padLeft(tookOf(e), t.took), dim})
	}
	if t.fits(t.toAnswer() + useful) {
		end = append(end, span{spaces(gutter) + t.before(e) + answerOf(e), dim})
	}
	t.line(margin, append(start, end...)...)
}

// fixed is how many columns stand before the verdict.
func (t *table) fixed() int {
	return margin + t.grade + gutter + t.port + gutter + t.service + gutter
}

// toAnswer is how many columns stand before the answer.
func (t *table) toAnswer() int {
	used := t.fixed()
	if t.narrow() {
		used = margin + t.grade + gutter
	}
	return used + t.verdict + gutter + t.took + gutter
}

func (t *table) fits(columns int) bool { return t.style.Width <= 0 || columns <= t.style.Width }

func (t *table) narrow() bool { return !t.fits(t.fixed() + t.verdict) }

// indent is where findings stand under their row.
func (t *table) indent() int {
	indent := margin + t.grade + gutter
	if t.fits(roomy) {
		indent += t.port + gutter
	}
	if !t.fits(indent + useful) {
		return margin
	}
	return indent
}

// trace writes where packets to the port of an entry stop, once for all rows of the port.
func (t *table) trace(e Entry, indent int) {
	if e.Trace == nil || t.printed[e.Trace.Sentence] {
		return
	}
	t.paragraph(indent, indent, span{e.Trace.Sentence, plain})
	t.printed[e.Trace.Sentence] = true
}

// findings writes what there is to say about an entry, each thing once in a
// group: rows that share a port share most of it.
func (t *table) findings(e Entry, indent int) {
	if e.Grade == judge.Pass && !t.style.Verbose || t.before(e) != "" {
		return
	}
	for _, f := range ofService(e) {
		textPrinted, hintPrinted := t.printed[f.Text], f.Hint == "" || t.printed[f.Hint]
		switch {
		case !textPrinted:
			t.paragraph(indent, indent, span{f.Text, plain})
		case hintPrinted:
			t.paragraph(indent, indent, span{f.Code + ": as above", dim})
		}
		if !hintPrinted {
			t.paragraph(indent, indent+len("-> "), span{"-> " + f.Hint, plain})
		}
		t.printed[f.Text], t.printed[f.Hint] = true, true
	}
}

// before returns text for the row itself that names findings printed above. It returns ""
// unless all were, or if the row does not warn: a failing row always gets its own lines.
func (t *table) before(e Entry) string {
	findings := ofService(e)
	if e.Grade != judge.Warn || len(findings) == 0 || !t.fits(t.toAnswer()+useful) {
		return ""
	}
	var codes []string
	for _, f := range findings {
		if !t.printed[f.Text] || f.Hint != "" && !t.printed[f.Hint] {
			return ""
		}
		codes = append(codes, f.Code)
	}
	return strings.Join(codes, ", ") + " as above; "
}

// nameOf returns the host of a group, with its address if that is not the name itself.
func nameOf(g Group) []span {
	name := []span{{g.Host, bold}}
	if g.Address != "" && g.Address != g.Host {
		name = append(name, span{" " + g.Address, plain})
	}
	if n := g.Entries[0].Name; n != nil && n.Alias != "" {
		name = append(name, span{" (alias of " + n.Alias + ")", plain})
	}
	return name
}

// aboutName writes the findings about a host's name once, under its first address,
// whatever the grades of its rows are.
func (t *table) aboutName(g Group) {
	if t.named == g.Host {
		return
	}
	t.named = g.Host
	for _, f := range g.Entries[0].Findings {
		if f.IsAboutName() {
			t.paragraph(margin, margin, span{f.Text, plain})
			t.paragraph(margin, margin+len("-> "), span{"-> " + f.Hint, plain})
		}
	}
}

// ofService returns the findings of an entry that are not about the host's name.
func ofService(e Entry) []judge.Finding {
	return slices.DeleteFunc(slices.Clone(e.Findings), judge.Finding.IsAboutName)
}
