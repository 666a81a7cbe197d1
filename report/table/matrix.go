// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strings"

	"exreach/report/content"
)

// fewPorts is how many ports a cell of the matrix names.
const fewPorts = 3

// matrix writes who reaches which host: a column for each run, as many side by side as fit.
func (t *Table) matrix(m content.Matrix) {
	to, sites := Columns("TO"), 0
	for _, row := range m.Rows {
		to = max(to, Columns(short(row.To)))
		sites = max(sites, Columns(short(row.Site)))
	}
	if sites > 0 {
		sites = max(sites, Columns("SITE")) + gutter
	}
	widths := cellWidths(m)
	for from := 0; from < len(m.From); {
		until, used := from, to+gutter+sites
		for until == from || until < len(m.From) && t.fits(used+widths[until]) {
			used += widths[until] + gutter
			until++
		}
		t.columnsOf(m, from, until, widths, to, sites)
		from = until
	}
}

// cellWidths is how wide each column of the matrix is.
func cellWidths(m content.Matrix) []int {
	widths := make([]int, len(m.From))
	for i, from := range m.From {
		widths[i] = Columns(short("from " + from))
		for _, row := range m.Rows {
			widths[i] = max(widths[i], Columns(pairText(row.Pairs[i])))
		}
	}
	return widths
}

// columnsOf writes some columns of the matrix.
func (t *Table) columnsOf(m content.Matrix, from, until int, widths []int, to, sites int) {
	head := pad("TO", to+gutter)
	if sites > 0 {
		head += pad("SITE", sites)
	}
	line := []span{{head, dim}}
	for i := from; i < until; i++ {
		line = append(line, span{pad(short("from "+m.From[i]), widths[i]+gutter), bold})
	}
	t.line(0, line...)
	for _, row := range m.Rows {
		line := []span{{pad(short(row.To), to+gutter) + pad(short(row.Site), sites), plain}}
		for i := from; i < until; i++ {
			line = append(line, span{pad(pairText(row.Pairs[i]), widths[i]+gutter), inks[row.Pairs[i].Grade]})
		}
		t.line(0, line...)
	}
	t.line(0)
}

// pairText is a cell of the matrix: "pass", "FAIL 443/tcp", or "-" where the run did not ask
// the host.
func pairText(p content.Pair) string {
	if !p.IsAsked() {
		return "-"
	}
	grade := gradeWordOf(content.Entry{Grade: p.Grade})
	return strings.TrimSpace(printable(grade + " " + p.PortsText(fewPorts)))
}

// short is a name as the matrix has it: a long one must not push what follows over the edge.
func short(name string) string { return textOf(fit([]span{{text: printable(name)}}, widest)) }
