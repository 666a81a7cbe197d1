// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"io"
	"strings"

	"exreach/report/content"
	"exreach/report/quote"
)

// manyMatrixPorts is how many ports a cell names where there is room.
const manyMatrixPorts = 8

// A matrixSheet writes who reaches which host for a spreadsheet program: a row per host, a
// column per run.
type matrixSheet struct{ sheet *quote.Sheet }

func (m *matrixSheet) Begin(h content.Head) error {
	matrix := h.Matrix()
	head := []any{"to", "site"}
	for _, from := range matrix.From {
		head = append(head, "from "+from)
	}
	if err := m.sheet.Row(head...); err != nil {
		return err
	}
	for _, row := range matrix.Rows {
		cells := []any{row.To, row.Site}
		for _, p := range row.Pairs {
			cells = append(cells, p.Text(manyMatrixPorts))
		}
		if err := m.sheet.Row(cells...); err != nil {
			return err
		}
	}
	return nil
}

func (m *matrixSheet) Host(content.Part) error { return nil }

func (m *matrixSheet) End(content.Head) error { return m.sheet.Flush() }

// A matrixMarkdown writes who reaches which host as a table for a ticket.
type matrixMarkdown struct{ out *bufio.Writer }

func newMatrixMarkdown(w io.Writer) Writer { return &matrixMarkdown{bufio.NewWriter(w)} }

func (m *matrixMarkdown) Begin(h content.Head) error {
	matrix := h.Matrix()
	for _, text := range append(h.LinkTexts(), h.Headline()) {
		m.out.WriteString("**" + md(text) + "**\n\n")
	}
	head, rule := []string{"to", "site"}, []string{"---", "---"}
	for _, from := range matrix.From {
		head, rule = append(head, "from "+quote.Code(from)), append(rule, "---")
	}
	m.row(head)
	m.row(rule)
	for _, row := range matrix.Rows {
		cells := []string{quote.Code(row.To), md(row.Site)}
		for _, p := range row.Pairs {
			cells = append(cells, md(p.Text(manyMatrixPorts)))
		}
		m.row(cells)
	}
	m.out.WriteString("\n")
	return nil
}

func (m *matrixMarkdown) row(cells []string) {
	m.out.WriteString("| " + strings.Join(eachText(cells, quote.TableCell), " | ") + " |\n")
}

func (m *matrixMarkdown) Host(content.Part) error { return nil }

func (m *matrixMarkdown) End(h content.Head) error {
	m.out.WriteString(md(h.CountsText()) + "\n")
	return m.out.Flush()
}
