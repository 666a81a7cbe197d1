// SPDX-License-Identifier: Apache-2.0

package smb

import (
	"testing"
	"time"
)

const milliseconds = "2006-01-02T15:04:05.000Z07:00"

func TestFileTime(t *testing.T) {
	for ticks, want := range map[fileTime]string{
		0:                   "",
		1:                   "1601-01-01T00:00:00.000Z",
		116444736000000000:  "1970-01-01T00:00:00.000Z",
		2650467743999999999: "9999-12-31T23:59:59.999Z",
		2650467744000000000: "",
		1<<64 - 1:           "",
	} {
		got := ""
		if at := ticks.time(); !at.IsZero() {
			got = at.Format(milliseconds)
		}
		if got != want {
			t.Errorf("%d is %q, want %q", ticks, got, want)
		}
	}
	now := time.Date(2026, 11, 21, 22, 7, 25, 460_000_000, time.UTC)
	if got := newFileTime(now).time(); !got.Equal(now) {
		t.Errorf("%v became %v", now, got)
	}
}
