// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"strings"
	"time"
)

// Elapsed writes how long something took, as every text does: "<1 ms", "486 ms",
// "7.0 s".
func Elapsed(d time.Duration) string {
	switch ms := d.Round(time.Millisecond); {
	case d < time.Millisecond:
		return "<1 ms"
	case ms < time.Second:
		return fmt.Sprintf("%d ms", ms.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
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
