// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"testing"
	"time"

	"exreach/catalog"
)

// Certificates may be valid from the year 0 until 9999, farther than a time.Duration reaches.
func TestDays(t *testing.T) {
	const now = "2026-03-02T09:30:00Z"
	for _, test := range []struct {
		from, to string
		days     int
		said     string
	}{
		{now, now, 0, "less than a day"},
		{now, "2026-03-03T09:29:59.9Z", 0, "less than a day"},
		{now, "2026-03-03T09:30:00Z", 1, "1 day"},
		{"2026-03-02T09:30:00.5Z", "2026-03-03T09:30:00Z", 0, "less than a day"},
		{"2026-03-02T09:30:00.5Z", now, -1, "less than a day"},
		{now, "2026-03-01T09:30:00Z", -1, "less than a day"},
		{now, "9999-12-31T23:59:59Z", 2912382, "2912382 days"},
		{"0000-01-01T00:00:00Z", now, 740042, "740042 days"},
	} {
		from, err := time.Parse(time.RFC3339, test.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := time.Parse(time.RFC3339, test.to)
		if err != nil {
			t.Fatal(err)
		}
		if got, said := catalog.Days(from, to), days(from, to); got != test.days || said != test.said {
			t.Errorf("from %s to %s: %d, %q, want %d, %q", test.from, test.to, got, said, test.days, test.said)
		}
	}
}
