// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"fmt"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
)

// mostLines is how many arrivals a log tells between two looks. It counts the others.
const mostLines = 20

// log is the table where it is not on a terminal: a line for each arrival, as it ends.
type log struct{ text }

func (l *log) show(v view) error {
	var lines []string
	for _, from := range v.news.contacts {
		lines = append(lines, fmt.Sprintf("contact with %s", from))
	}
	for _, from := range v.news.wrong {
		lines = append(lines, fmt.Sprintf("wrong code from %s", from))
	}
	bursts := v.news.inOrder()
	left := v.news.unheard
	for i, b := range bursts {
		if i >= mostLines {
			left += b.times
			continue
		}
		lines = append(lines, b.line())
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("and %s in this second", catalog.Count(left, "more arrival")))
	}
	return l.lines(lines...)
}

// line tells of a burst.
func (b *burst) line() string {
	a := b.last
	text := fmt.Sprintf("%s  %-9s  %s  %s", a.At.Local().Format(time.TimeOnly), catalog.Port{Network: a.Network, Number: a.Port}, a.From, fate(a))
	if b.times > 1 {
		text += fmt.Sprintf("; %d such in this second", b.times)
	}
	return text
}

// fate is what became of an arrival.
func fate(a far.Arrival) string {
	switch {
	case a.Turned == "allow":
		return "turned away: not among those who are served (--allow)"
	case a.Turned != "":
		return "turned away: too much from one source"
	case a.HalfOpen:
		return "half-open: its SYN came, and nothing after that"
	case a.Held:
		return "came to another program"
	}
	return fmt.Sprintf("came: %d bytes in, %d bytes out, %.1f s", a.Received.Bytes, a.Sent.Bytes, a.Took)
}
