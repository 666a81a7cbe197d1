// SPDX-License-Identifier: Apache-2.0

package page

import (
	"exreach/report/content"
	"exreach/report/judge"
)

// A grid is what stands above the lines of the grid: its columns.
type grid struct {
	Columns []content.Column
	Cut     bool
	Many    bool // hosts
	Partial bool // the report is a selection
}

// A line is one host of the grid.
type line struct {
	mark   // of all its services
	Care   string
	Number int // of the host
	Host   string
	Cells  []cell // one for every column
}

// A cell is what a host came to at a service. One that was not asked has no letter.
type cell struct {
	mark
	Care   string // the letter of a care that is not pass
	Column int
}

func gridOf(h content.Head) grid {
	g := h.Grid
	out := grid{Cut: g.Cut, Many: len(g.Rows) > manyHosts, Partial: h.Partial}
	for _, c := range g.Columns {
		out.Columns = append(out.Columns, content.Column{Service: text(c.Service), Port: text(c.Port)})
	}
	return out
}

func lineOf(h content.Head, row content.GridRow, number int) line {
	l := line{
		mark: markOf(row.Grade), Care: careLetter(row.Care), Number: number,
		Host: text(h.Called(content.Summary{Host: row.Host, Run: row.Run})), Cells: make([]cell, len(h.Grid.Columns)),
	}
	for _, c := range row.Cells {
		l.Cells[c.Column] = cell{markOf(c.Grade), careLetter(c.Care), c.Column}
	}
	return l
}

// careLetter is the letter of a care that there is something to say about.
func careLetter(care judge.Grade) string {
	if care == judge.Warn || care == judge.Fail {
		return markOf(care).Letter
	}
	return ""
}
