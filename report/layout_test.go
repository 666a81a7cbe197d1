// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"

	"exreach/report/content"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{
		"":              0,
		"mail01":        6,
		"Grüße":         5,
		"Gru\u0308ße":   5, // the diaeresis stands on the u
		"メール":           6,
		"ｍａｉｌ":          8,
		"서버":            4,
		"ok \U0001f4e7": 5,
	} {
		if got := width(text); got != want {
			t.Errorf("%q is %d columns wide, want %d", text, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		text    string
		columns int
		want    string
	}{
		{"220 ready", 0, "220 ready"},
		{"220 ready", 9, "220 ready"},
		{"220 ready", 8, "220 rea…"},
		{"メール", 5, "メー…"}, // half a character cannot be shown
		{"220 ready", 2, "2…"},
		{"220 ready", 1, "…"},
	} {
		var got string
		for _, s := range fit([]span{{text: test.text}}, test.columns) {
			got += s.text
		}
		if got != test.want {
			t.Errorf("%q in %d columns is %q, want %q", test.text, test.columns, got, test.want)
		}
	}
}

func TestTook(t *testing.T) {
	for took, want := range map[float64]string{
		-1: "", 0: "", 0.0004: "<1 ms", 0.001: "1 ms", 0.0126: "13 ms", 0.4861: "486 ms", 0.9996: "1.0 s", 7.0001: "7.0 s", 1e300: "24 h 0 min",
	} {
		if got := tookOf(content.Entry{Took: took}); got != want {
			t.Errorf("%v s is %q, want %q", took, got, want)
		}
	}
}
