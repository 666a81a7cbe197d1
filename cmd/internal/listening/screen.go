// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/report/table"
)

// A screen is the table on a terminal: below the ports that were opened, what comes to them
// is redrawn in place. It leaves no mode of the terminal changed, so nothing has to be put
// right if the program is stopped or killed.
type screen struct {
	text
	at Screen

	drawn         int // lines on the screen, which the next picture replaces
	columns, rows int // of the terminal when they were drawn
	last          time.Time
}

// Sequences of ECMA-48: to the beginning of a line some lines up, and erase all below.
const (
	up    = "\x1b[%dF"
	erase = "\x1b[J"
)

// size is that of the terminal, or what every terminal has.
func (s *screen) size() (columns, rows int) {
	columns, rows = s.at.Size()
	return cmp.Or(columns, 80), cmp.Or(rows, 24)
}

func (s *screen) show(v view) error {
	columns, rows := s.size()
	now := time.Now()
	wasStopped := now.Sub(s.last) > 3*period // then something else may stand below
	if columns != s.columns || rows != s.rows || wasStopped {
		s.drawn = 0 // the terminal may have wrapped the lines: begin anew, below them
	}
	s.columns, s.rows, s.last = columns, rows, now
	lines := s.picture(v, columns-1, rows-1)
	var text strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&text, up, s.drawn)
	}
	text.WriteString(erase)
	for _, line := range lines {
		text.WriteString(table.Clip(printable(line), columns-1) + "\n")
	}
	s.drawn = len(lines)
	_, err := io.WriteString(s.to, text.String())
	return err
}

// mostSilent is how many lines the ports without anything may take while others have theirs.
const mostSilent = 4

// picture is what is shown at the moment, in at most so many lines.
func (s *screen) picture(v view, columns, most int) []string {
	silent, open := silent(v.ports)
	came := slices.DeleteFunc(slices.Clone(v.ports), func(p PortSeen) bool { return p.All() == 0 })
	slices.SortStableFunc(came, func(a, b PortSeen) int { return b.Last.Compare(a.Last) })
	head := fmt.Sprintf("%s  %d of %s saw something", v.since.Truncate(time.Second), open-len(silent), catalog.Count(open, "open port"))
	if v.visits.contacts > 0 {
		head += "; " + catalog.Count(v.visits.contacts, "contact")
	}
	lines := []string{head + "  (Ctrl-C ends)"}
	if v.visits.wrong > 0 {
		lines = append(lines, fmt.Sprintf("%s, the last from %s", catalog.Count(v.visits.wrong, "wrong code"), v.visits.lastBad.Addr()))
	}
	var quiet []string
	if len(silent) > 0 {
		quiet = wrapped("nothing yet: "+strings.Join(silent, ", "), max(columns, 1))
		if len(quiet) > mostSilent {
			quiet = append(quiet[:mostSilent-1], "…")
		}
	}
	room := most - len(lines) - len(quiet) - 1 // the heading
	if len(came) > 0 && room > 0 {
		rows := [][]string{{"PORT", "SERVICE", "CAME", "HALF-OPEN", "TURNED AWAY", "LAST", "FROM"}}
		for _, p := range came[:min(room, len(came))] {
			rows = append(rows, []string{name(p.Opening), p.Service, fmt.Sprint(p.Times), fmt.Sprint(p.HalfOpen), fmt.Sprint(p.Turned), p.Last.Local().Format(time.TimeOnly), sourcesOf(p)})
		}
		lines = append(lines, aligned(rows)...)
	}
	lines = append(lines, quiet...)
	return lines[:min(len(lines), max(most, 1))]
}

// end replaces what is shown by the summary.
func (s *screen) end(r far.Record, v view) error {
	if s.drawn > 0 {
		if _, err := fmt.Fprintf(s.to, up+erase, s.drawn); err != nil {
			return err
		}
	}
	columns, _ := s.size()
	s.width = columns - 1
	return s.text.end(r, v)
}
