// SPDX-License-Identifier: Apache-2.0

package quote

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
)

// A Sheet writes comma-separated values (RFC 4180) for spreadsheet programs: UTF-8 with a
// byte order mark, by which Excel knows it, and lines that end in CR LF.
type Sheet struct{ out *csv.Writer }

// NewSheet returns a Sheet that writes to w. A separator of 0 is the comma.
func NewSheet(w io.Writer, separator rune) *Sheet {
	buffer := bufio.NewWriter(w)
	buffer.WriteString("\ufeff")
	out := csv.NewWriter(buffer) // and not to a buffer of its own
	out.Comma, out.UseCRLF = cmp.Or(separator, ','), true
	return &Sheet{out}
}

// Row writes a row. A number stands as it is, a time is in UTC and "" if it is zero, and
// everything else is text and no formula. An error may come as late as from Flush.
func (s *Sheet) Row(cells ...any) error {
	row := make([]string, len(cells))
	for i, cell := range cells {
		switch cell := cell.(type) {
		case int:
			row[i] = strconv.Itoa(cell)
		case float64:
			row[i] = strconv.FormatFloat(cell, 'f', -1, 64)
		case time.Time:
			row[i] = timeText(cell)
		default:
			row[i] = Cell(fmt.Sprint(cell))
		}
	}
	return s.out.Write(row)
}

// timeText is a time as spreadsheet programs know it in any language: "2026-03-02 09:30:00".
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}

// Flush writes what was kept. It returns the error of any earlier write.
func (s *Sheet) Flush() error {
	s.out.Flush()
	return s.out.Error()
}
