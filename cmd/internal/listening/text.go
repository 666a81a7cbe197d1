// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"fmt"
	"io"
	"strings"

	"exreach/catalog"
	"exreach/cmd/internal/commandline"
	"exreach/probe/far"
	"exreach/probe/protocol/wire"
	"exreach/report/table"
)

// text is what the table and the screen have in common.
type text struct {
	to    io.Writer
	width int // columns of a terminal; 0 does not wrap
}

// lines writes lines, which may hold what peers sent.
func (t text) lines(lines ...string) error {
	for _, line := range lines {
		if _, err := io.WriteString(t.to, strings.TrimRight(printable(line), " ")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// printable is a line for a terminal.
func printable(line string) string {
	const longest = 4 << 10
	return wire.Printable(line, longest)
}

// begin shows what is open.
func (t text) begin(r far.Record) error {
	rows := [][]string{{"PORT", "SERVICE", "PROTOCOL", "ADDRESS", "STATE"}}
	for _, o := range r.Openings {
		rows = append(rows, []string{name(o), o.Service, o.Protocol, addressOf(o), stateOf(o)})
	}
	return t.lines(append(aligned(rows), "")...)
}

// end sums up what came, the answer first.
func (t text) end(_ far.Record, v view) error {
	lines := append([]string{""}, wrapped(answer(v), t.width)...)
	rows := [][]string{{"PORT", "SERVICE", "CAME", "HALF-OPEN", "TURNED AWAY", "FROM"}}
	for _, p := range v.ports {
		if p.All() > 0 {
			rows = append(rows, []string{name(p.Opening), p.Service, fmt.Sprint(p.Times), fmt.Sprint(p.HalfOpen), fmt.Sprint(p.Turned), sourcesOf(p)})
		}
	}
	if len(rows) > 1 {
		lines = append(lines, aligned(rows)...)
	}
	return t.lines(lines...)
}

// wrapped breaks a sentence between words; 0 columns do not.
func wrapped(sentence string, columns int) []string {
	if columns == 0 {
		return []string{sentence}
	}
	return commandline.Wrap(sentence, columns, table.Columns)
}

// answer says what the listener is there to find out.
func answer(v view) string {
	silent, open := silent(v.ports)
	switch {
	case len(silent) == 0:
		return fmt.Sprintf("Something came to each of the %s.", catalog.Count(open, "open port"))
	case len(silent) == open:
		return fmt.Sprintf("Nothing came to any of the %s.", catalog.Count(open, "open port"))
	}
	return fmt.Sprintf("%d of %s saw nothing: %s.", len(silent), catalog.Count(open, "open port"), strings.Join(silent, ", "))
}

// sourcesOf names who came to a port.
func sourcesOf(p PortSeen) string {
	first, more := p.Sources()
	text := strings.Join(first, ", ")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// name is a port as reports have it: "443/tcp".
func name(o far.Opening) string { return catalog.Port{Network: o.Network, Number: o.Port}.String() }

// addressOf is where a port is open.
func addressOf(o far.Opening) string {
	if o.Address.IsUnspecified() {
		return "all"
	}
	return o.Address.String()
}

// stateOf is what became of a port.
func stateOf(o far.Opening) string {
	switch o.State {
	case far.Held:
		return "held by " + holderOf(o)
	case far.Denied:
		return "needs privilege"
	case far.Failed:
		return "error: " + o.Error
	}
	return string(o.State)
}

func holderOf(o far.Opening) string {
	if o.Holder == "" {
		return "another program"
	}
	return o.Holder
}

// aligned puts rows into columns, two blanks apart. The last column is as it is.
func aligned(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], table.Columns(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-table.Columns(cell)+2))
			}
		}
		lines = append(lines, line.String())
	}
	return lines
}
