// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"exreach/catalog"
)

// The names of the columns that are read, as columnName has them. Of several in one table,
// the first that has a value counts.
var (
	hostColumns    = []string{"fqdn", "dnshostname", "hostname", "computername", "host", "server", "name", "ipaddress"}
	versionColumns = []string{"admindisplayversion", "version", "exchangeversion"}
	roleColumns    = []string{"serverrole", "role"}
	siteColumns    = []string{"site"}
	labelColumns   = []string{"labels", "label", "tags"}
)

// columnName is the name of a column, however it is spelled: "Server Role" is serverrole.
func columnName(heading string) string { return catalog.Joined(strings.TrimSpace(heading)) }

func isColumn(heading string) bool {
	name := columnName(heading)
	return slices.ContainsFunc([][]string{hostColumns, versionColumns, roleColumns, siteColumns, labelColumns},
		func(names []string) bool { return slices.Contains(names, name) })
}

// A table is a list in columns.
type table struct {
	rows    *csv.Reader
	ration  *ration
	words   *words
	heading []string
	above   int // the number of the line with the heading
	line    int // the number of the line of the last row

	hosts, versions, roles, sites, labels []int // the places of the columns in a row
}

// newTable makes a table of its heading and of what follows it.
func newTable(heading string, line int, in io.Reader, w *words) (*table, *Mistake) {
	names, comma := split(heading)
	t := &table{
		ration: &ration{in: in}, words: w, heading: names, above: line, line: line,
		hosts: places(names, hostColumns), versions: places(names, versionColumns),
		roles: places(names, roleColumns), sites: places(names, siteColumns), labels: places(names, labelColumns),
	}
	if t.hosts == nil {
		return nil, mistake(nameColumns, "no column is called Name, Fqdn, ComputerName, HostName, DNSHostName, Host, Server or IPAddress")
	}
	t.rows = newRows(t.ration, comma)
	t.rows.ReuseRecord = true
	return t, nil
}

func newRows(r io.Reader, comma rune) *csv.Reader {
	rows := csv.NewReader(r)
	rows.Comma, rows.Comment, rows.FieldsPerRecord = comma, '#', -1
	rows.TrimLeadingSpace = comma != '\t' // a tab is a blank, too
	return rows
}

// split finds the separator of a heading: the one that yields the most known columns.
func split(heading string) (names []string, comma rune) {
	most := -1
	for _, c := range separators {
		found, _ := newRows(strings.NewReader(heading), c).Read()
		known := 0
		for _, name := range found {
			if isColumn(name) {
				known++
			}
		}
		if known > most {
			names, comma, most = found, c, known
		}
	}
	return names, comma
}

// places returns where the columns of some names are, in the order of these names.
func places(heading, names []string) []int {
	var at []int
	for _, name := range names {
		if i := slices.IndexFunc(heading, func(h string) bool { return columnName(h) == name }); i >= 0 {
			at = append(at, i)
		}
	}
	return at
}

// next returns the next row that is not empty.
func (t *table) next() (Row, error) {
	for {
		t.ration.left = maxRow
		cells, err := t.rows.Read()
		if bad := (*csv.ParseError)(nil); errors.As(err, &bad) {
			t.line = t.above + bad.StartLine
			return Row{Line: t.line, Wrong: []*Mistake{misquoted(bad)}}, nil
		}
		if err != nil {
			return Row{Line: t.line + 1}, err
		}
		line, _ := t.rows.FieldPos(0)
		t.line = t.above + line
		if !isBlank(cells) && !slices.Equal(cells, t.heading) { // tables may have been joined
			return t.row(cells), nil
		}
	}
}

func misquoted(bad *csv.ParseError) *Mistake {
	const hint = "put a value in quotes, and double the quotes inside it"
	if errors.Is(bad.Err, csv.ErrBareQuote) {
		return mistake(hint, "column %d: a quotation mark is inside a value that has none around it", bad.Column)
	}
	return mistake(hint, "a quotation mark is not closed, or text follows the closing one")
}

// row is what the cells of a row say.
func (t *table) row(cells []string) Row {
	row := Row{Line: t.line, Host: valueIn(cells, t.hosts)}
	if len(cells) > len(t.heading) {
		row.Wrong = append(row.Wrong, mistake("put a value that has the separator in it in quotes", "there are %d values under %d columns", len(cells), len(t.heading)))
		return row // which value is of which column is not known
	}
	switch {
	case row.Host == "":
		row.Wrong = append(row.Wrong, mistake("give each row a name or an address, or remove it", "the row names no host"))
	case strings.ContainsRune(row.Host, 0):
		row.Wrong = append(row.Wrong, notText())
	}
	var wrong [4]*Mistake
	row.Version, wrong[0] = t.words.version(valueIn(cells, t.versions))
	row.Roles, wrong[1] = t.words.roles(valueIn(cells, t.roles), row.Version)
	row.Site, wrong[2] = siteOf(valueIn(cells, t.sites))
	row.Labels, wrong[3] = labelsOf(valueIn(cells, t.labels))
	for _, w := range wrong {
		if w != nil {
			row.Wrong = append(row.Wrong, w)
		}
	}
	return row
}

func isBlank(cells []string) bool {
	return !slices.ContainsFunc(cells, func(value string) bool { return strings.TrimSpace(value) != "" })
}

// valueIn returns the first value that is not empty among some columns.
func valueIn(cells []string, columns []int) string {
	for _, i := range columns {
		if i < len(cells) {
			if value := strings.TrimSpace(cells[i]); value != "" {
				return value
			}
		}
	}
	return ""
}

// A ration lets through no more of a text than is left: a row whose quotes are never closed
// would go on to the end of the file.
type ration struct {
	in   io.Reader
	left int
}

func (r *ration) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errTooLong
	}
	n, err := r.in.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
