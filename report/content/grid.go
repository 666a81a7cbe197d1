// SPDX-License-Identifier: Apache-2.0

package content

import "exreach/report/judge"

// A Grid is the grades of all services at all hosts.
type Grid struct {
	Columns []Column
	Rows    []GridRow // in the order in which a format gets the hosts
	Cut     bool      // some services have no column, because there are too many
}

// A Column is a service, or a port that the user named.
type Column struct {
	Service string
	Port    string // "443/tcp"; "" for an RPC interface, which has another port everywhere
}

// A GridRow is one host.
type GridRow struct {
	Run   int // as in Entry
	Host  string
	Grade judge.Grade // of all its services, those without a column, too
	Care  judge.Grade
	Cells []Cell
}

// A Cell is what a host came to at a service: the worst of its addresses.
type Cell struct {
	Column int
	Grade  judge.Grade
	Care   judge.Grade
}

// CellsOf returns the cells of a host. number gives every column its number; a negative one
// has no place in the grid.
func CellsOf(entries []Entry, number func(Column) int) []Cell {
	var cells []Cell
	places := map[int]int{}
	for _, e := range entries {
		n := number(ColumnOf(e))
		if n < 0 {
			continue
		}
		i, known := places[n]
		if !known {
			i = len(cells)
			places[n] = i
			cells = append(cells, Cell{Column: n, Grade: e.Grade, Care: e.Care})
		}
		c := &cells[i]
		c.Grade, c.Care = judge.Worst(c.Grade, e.Grade), judge.Worst(c.Care, e.Care)
	}
	return cells
}

// ColumnOf returns the column of an entry.
func ColumnOf(e Entry) Column {
	if e.Parent != "" {
		return Column{Service: e.Service}
	}
	return Column{Service: e.Service, Port: e.PortText()}
}
