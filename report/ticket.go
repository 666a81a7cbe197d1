// SPDX-License-Identifier: Apache-2.0

package report

import "fmt"

// A share is what one part of a ticket may take. Trackers refuse long texts: GitHub takes
// 65,536 characters. All shares together, with the sentences around them, stay below that.
type share struct {
	lines, size int  // for which there is room; size is in bytes
	endless     bool // the reader wants all, however long it is
	more        int  // lines for which there was no room
}

// The shares of a ticket.
var (
	askedShare  = share{lines: 50, size: 3_000}
	causesShare = share{lines: 50, size: 7_000}
	rowsShare   = share{lines: 100, size: 22_000}
	alikeShare  = share{lines: 50, size: 12_000}
	endsShare   = share{lines: 50, size: 3_000}
	adviceShare = share{lines: 50, size: 10_000}
	caresShare  = share{lines: 50, size: 6_000}
)

// holds reports whether there is room for a line, and counts it. After the first for which
// there is none, there is none for any other: what stands below a line never stands alone.
func (s *share) holds(line string) bool {
	if s.endless {
		return true
	}
	if s.more > 0 || s.lines == 0 || len(line) > s.size {
		s.more++
		return false
	}
	s.lines, s.size = s.lines-1, s.size-len(line)
	return true
}

// rest counts what found no room; "" if all did.
func (s *share) rest() string {
	switch s.more {
	case 0:
		return ""
	case 1:
		return "and 1 more; the whole report has it"
	}
	return fmt.Sprintf("and %d more; the whole report has them", s.more)
}

// A ticketList is a list of a ticket, with a line above it.
type ticketList struct {
	share
	title string
	kept  []string
}

// newTicketList returns a list for lines; it has no end if the reader wants all.
func newTicketList(title string, s share, endless bool) *ticketList {
	s.endless = endless
	return &ticketList{share: s, title: title}
}

func (l *ticketList) add(lines ...string) {
	for _, line := range lines {
		if l.holds(line) {
			l.kept = append(l.kept, line)
		}
	}
}

// text returns the lines, and how many more there are.
func (l *ticketList) text() []string {
	if rest := l.rest(); rest != "" {
		return append(l.kept, bulleted(rest))
	}
	return l.kept
}
