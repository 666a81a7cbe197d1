// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"time"
)

// Elapsed is how long something took as every text says it: "<1 ms", "486 ms",
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

// Count is a number with its noun as every text says it: "1 host", "3 hosts".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
