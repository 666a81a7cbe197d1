// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"strings"
	"time"
)

// Elapsed writes how long something took, as every text does: "<1 ms", "486 ms", "3.5 s",
// "5 min 20 s", "7 h 5 min", "12 days".
func Elapsed(d time.Duration) string {
	switch ms := d.Round(time.Millisecond); {
	case d < time.Millisecond:
		return "<1 ms"
	case ms < time.Second:
		return fmt.Sprintf("%d ms", ms.Milliseconds())
	case d.Seconds() < 99.95:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	switch s := int(d.Round(time.Second).Seconds()); {
	case s < 60*60:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	case s < 48*60*60:
		return fmt.Sprintf("%d h %d min", s/60/60, s/60%60)
	default:
		return Count(s/60/60/24, "day")
	}
}

// Days returns how many whole days lie between two times. It rounds down: from now until
// what ended an hour ago is a day less than none. A time.Duration reaches no farther than
// 292 years.
func Days(from, to time.Time) int {
	const day = 24 * 60 * 60
	seconds := to.Unix() - from.Unix()
	if to.Nanosecond() < from.Nanosecond() {
		seconds--
	}
	days := seconds / day
	if seconds%day < 0 {
		days--
	}
	return int(days)
}

// Count writes a number with its noun, as every text does: "1 host", "3 hosts".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Either writes a list of alternatives: "a", "a or b", "a, b or c".
func Either(words []string) string { return Enumerated(words, "or") }

// Enumerated writes a list with a word before its last item: "SMTP, POP3 and IMAP4".
func Enumerated(words []string, last string) string {
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " " + last + " " + words[n-1]
	}
	return strings.Join(words, "")
}
