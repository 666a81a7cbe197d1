// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"testing"
	"time"
)

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                            "<1 ms",
		0:                                       "<1 ms",
		999 * time.Microsecond:                  "<1 ms",
		486*time.Millisecond + 499:              "486 ms",
		999*time.Millisecond + 600000:           "1.0 s",
		3456 * time.Millisecond:                 "3.5 s",
		99*time.Second + 949*time.Millisecond:   "99.9 s",
		99*time.Second + 960*time.Millisecond:   "1 min 40 s",
		59*time.Minute + 59500*time.Millisecond: "1 h 0 min",
		99*time.Minute + 59*time.Second:         "1 h 39 min",
		7*time.Hour + 5*time.Minute:             "7 h 5 min",
		12*24*time.Hour + time.Hour:             "12 days",
	} {
		if got := Elapsed(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
