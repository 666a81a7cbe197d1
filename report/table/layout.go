// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"exreach/probe/protocol/wire"
	"exreach/report/content"
)

// An ink is the parameter of an SGR sequence (ECMA-48 section 8.3.117).
type ink string

const (
	plain   ink = ""
	bold    ink = "1"
	dim     ink = "2"
	red     ink = "31"
	green   ink = "32"
	yellow  ink = "33"
	magenta ink = "35"
)

// A span is text in one ink.
type span struct {
	text string
	ink  ink
}

// A page puts lines of text on a terminal or into a file. Everything that
// reaches the reader goes through line, which makes it printable and keeps it
// within the width.
type page struct {
	out   *bufio.Writer
	style content.Style
}

func newPage(w io.Writer, s content.Style) page { return page{out: bufio.NewWriter(w), style: s} }

// line writes spans side by side behind an indent.
func (p *page) line(indent int, spans ...span) {
	var line []span
	for _, s := range spans {
		line = append(line, span{printable(s.text), s.ink})
	}
	p.put(indent, line)
}

// put writes a line of which every text is printable.
func (p *page) put(indent int, line []span) {
	line = append([]span{{text: spaces(indent)}}, line...)
	line = slices.DeleteFunc(fit(trimRight(line), p.style.Width), func(s span) bool { return s.text == "" })
	for i, s := range line {
		begins, ends := i == 0 || line[i-1].ink != s.ink, i == len(line)-1 || line[i+1].ink != s.ink
		p.paint(s, begins, ends)
	}
	p.out.WriteByte('\n')
}

// paragraph writes spans one space apart and breaks the lines between words.
// It indents the lines after the first by hang columns.
func (p *page) paragraph(indent, hang int, spans ...span) {
	var line []span
	used, gap := 0, 0
	for _, s := range spans {
		for word := range strings.SplitSeq(printable(s.text), " ") {
			if word == "" {
				gap++
				continue
			}
			columns := Columns(word)
			if full := indent+used+gap+columns > p.style.Width; full && used > 0 && p.style.Width > 0 {
				p.put(indent, line)
				line, used, indent, gap = line[:0], 0, hang, 0
			}
			line = append(line, span{spaces(gap) + word, s.ink})
			used += gap + columns
			gap = 1
		}
	}
	p.put(indent, line)
}

// text writes a paragraph without colours, and nothing where there is no text.
func (p *page) text(indent int, text string) {
	if text != "" {
		p.paragraph(indent, indent, span{text, plain})
	}
}

// rows aligns rows in columns. It breaks the last column between words.
func (p *page) rows(rows [][]string) {
	widths := widthsOf(rows)
	for _, row := range rows {
		p.row(widths, row)
	}
}

func (p *page) row(widths []int, row []string) {
	head := ""
	for i, columns := range widths {
		head += pad(row[i], columns+gutter)
	}
	p.paragraph(0, Columns(head), span{head + row[len(widths)], plain})
}

// widthsOf returns how wide each column of rows is, without the last.
func widthsOf(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], Columns(cell))
		}
	}
	return widths
}

// paint writes a span. It sets the ink where spans of that ink begin, and resets it where
// they end.
func (p *page) paint(s span, begins, ends bool) {
	inked := s.ink != plain && p.style.Color
	if inked && begins {
		p.out.WriteString("\x1b[" + string(s.ink) + "m")
	}
	p.out.WriteString(s.text)
	if inked && ends {
		p.out.WriteString("\x1b[0m")
	}
}

func trimRight(line []span) []span {
	for len(line) > 0 {
		last := &line[len(line)-1]
		if last.text = strings.TrimRight(last.text, " "); last.text != "" {
			break
		}
		line = line[:len(line)-1]
	}
	return line
}

// fit cuts a line that is wider than so many columns, and ends it in an ellipsis.
func fit(line []span, columns int) []span {
	total := 0
	for _, s := range line {
		total += Columns(s.text)
	}
	if columns <= 0 || total <= columns {
		return line
	}
	const more = "…"
	left := max(columns-Columns(more), 0)
	var kept []span
	for _, s := range line {
		text := Clip(s.text, left)
		kept = append(kept, span{text, s.ink})
		if left -= Columns(text); text != s.text {
			break
		}
	}
	return append(kept, span{more, kept[len(kept)-1].ink})
}

// pad adds spaces to s up to so many columns; padLeft puts them in front.
func pad(s string, columns int) string     { return s + spaces(columns-Columns(s)) }
func padLeft(s string, columns int) string { return spaces(columns-Columns(s)) + s }

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// longest is the most bytes of one text that a report shows. What exreach keeps of
// a peer is shorter; a forged report may carry more.
const longest = 4096

func printable(s string) string { return wire.Printable(s, longest) }
