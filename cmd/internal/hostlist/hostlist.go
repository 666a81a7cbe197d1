// SPDX-License-Identifier: Apache-2.0

// Package hostlist reads lists of hosts: one host per line, or a table that Export-Csv or a
// spreadsheet wrote, in any encoding of Windows. It returns what the list says about each
// host, in the words of the catalogue, and what is wrong with it. The caller must check that
// the name of a host is valid. It may import package charset and the catalogue.
package hostlist

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/report/charset"
)

// A Row is what one line of a list, or one row of a table, says about a host.
type Row struct {
	Line    int               // where it begins, counted from 1
	Host    string            // as it is written
	Version string            // "" if the row leaves open which one it is
	Roles   []string          // each once, in the order of the row; nil if it names none
	Site    string            // "" if it names none
	Labels  map[string]string // nil if it has none
	Wrong   []*Mistake        // what is wrong with the row, which must not be used then
}

// Says reports whether a row says more about its host than the name.
func (r Row) Says() bool {
	return r.Version != "" || r.Roles != nil || r.Site != "" || r.Labels != nil
}

// A Mistake is what is wrong with a row, and a hint about how to correct it.
type Mistake struct {
	Err  error
	Hint string
}

func (m *Mistake) Error() string { return m.Err.Error() }

func (m *Mistake) Unwrap() error { return m.Err }

func mistake(hint, format string, a ...any) *Mistake {
	return &Mistake{fmt.Errorf(format, a...), hint}
}

// maxRow is how long a line of a list, or a row of a table, may be, in bytes.
const maxRow = 64 << 10

var errTooLong = fmt.Errorf("the line is longer than %d KiB", maxRow>>10)

// A Reader reads a list row by row.
type Reader struct {
	in     *bufio.Reader
	words  *words
	line   int    // the number of the last line that was read
	begun  bool   // the first line that says something was read
	ruled  bool   // a line of dashes may follow, which underlines a heading
	table  *table // nil: there is a host on each line
	broken bool   // the rest cannot be understood
}

// NewReader returns a Reader of a list, in the words of a catalogue, for a run that connects
// as from. It reads the first bytes, and so may wait for a pipe.
func NewReader(r io.Reader, cat *catalog.Catalog, from string) *Reader {
	return &Reader{in: bufio.NewReaderSize(&lineReader{in: bufio.NewReader(charset.UTF8(r))}, maxRow), words: newWords(cat, from)}
}

// Tabular reports whether the rows may say more than names. It is known once Next has
// returned.
func (r *Reader) Tabular() bool { return r.table != nil }

// Next returns the next row that says anything. The error is io.EOF at the end; any other
// ends the list early, at the line of the row.
func (r *Reader) Next() (Row, error) {
	for !r.broken {
		if r.table != nil {
			return r.table.next()
		}
		text, err := r.readLine()
		if err != nil {
			return Row{Line: r.line}, err
		}
		if row := r.read(text); row.Host != "" || row.Wrong != nil {
			row.Line = r.line
			return row, nil
		}
	}
	return Row{Line: r.line}, io.EOF
}

// readLine returns the next line without its end. The last one needs none.
func (r *Reader) readLine() (string, error) {
	text, err := r.in.ReadSlice('\n')
	if len(text) > 0 || err != io.EOF {
		r.line++
	}
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errTooLong
	case err == io.EOF && len(text) > 0:
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// read returns the row of a line: an empty one if the line names no host. The first line
// that says something decides whether the list is a table.
func (r *Reader) read(text string) Row {
	word := strings.TrimSpace(withoutComment(text))
	if word == "" || isRule(word) && r.ruled {
		return Row{}
	}
	r.ruled = false
	if r.begun {
		return hostOn(word)
	}
	if isSeparatorHint(word) {
		return Row{}
	}
	r.begun = true
	switch {
	case isHeading(word):
		r.ruled = true
		return Row{}
	case isForPeople(word):
		r.broken = true
		return Row{Wrong: []*Mistake{mistake("write the table with Export-Csv: Get-ExchangeServer | Export-Csv servers.csv", "this table is formatted for people: its values may be cut off")}}
	case !strings.ContainsAny(word, separators):
		return hostOn(word)
	}
	var wrong *Mistake
	if r.table, wrong = newTable(text, r.line, r.in, r.words); wrong != nil {
		r.broken = true
		return Row{Wrong: []*Mistake{wrong}}
	}
	return Row{}
}

// withoutComment returns a line without its comment. In a URL, # begins none.
func withoutComment(line string) string {
	inURL := false
	for i := range len(line) {
		switch c := line[i]; {
		case c == ' ', c == '\t':
			inURL = false
		case strings.HasPrefix(line[i:], "://"):
			inURL = true
		case c == '#' && !inURL:
			return line[:i]
		}
	}
	return line
}

// separators are what may stand between the columns of a table: a comma, the semicolon of a
// spreadsheet where a comma divides numbers, or a tab.
const separators = ",;\t"

const nameColumns = "begin with a line that names the columns, such as Name,Version,Role,Site, or write one host a line"

// hostOn is the row of a line with a host and nothing else.
func hostOn(word string) Row {
	var wrong *Mistake
	switch {
	case strings.ContainsRune(word, 0):
		wrong = notText()
	case strings.ContainsAny(word, separators):
		wrong = mistake(nameColumns, "there are several columns, and the first line does not name them")
	default:
		return Row{Host: word}
	}
	return Row{Wrong: []*Mistake{wrong}}
}

func notText() *Mistake {
	return mistake("save it as UTF-8", "there is a zero byte in the line: this is not text, or the file is UTF-16 in part")
}

// isHeading reports whether a first line is the heading of the one column of a list. Servers
// are called host and server, so these two are headings only if they are in quotes, as
// Export-Csv writes them.
func isHeading(word string) bool {
	quoted := strings.HasPrefix(word, `"`) && strings.HasSuffix(word, `"`)
	plain := columnName(strings.Trim(word, `"`))
	return slices.Contains(hostColumns, plain) && (quoted || plain != "host" && plain != "server")
}

// isRule reports whether a line underlines the heading of a table that PowerShell formatted.
func isRule(word string) bool { return strings.Trim(word, "- ") == "" }

// isSeparatorHint reports whether a line says for Excel what divides the columns: sep=;
func isSeparatorHint(word string) bool {
	return len(word) <= len("sep=;") && strings.HasPrefix(strings.ToLower(word), "sep=")
}

// isForPeople reports whether a first line is the heading of a table in columns of blanks, as
// Format-Table writes it.
func isForPeople(word string) bool {
	known := slices.DeleteFunc(strings.Fields(word), func(w string) bool { return !isColumn(w) })
	return len(known) > 1 && !strings.ContainsAny(word, separators)
}
