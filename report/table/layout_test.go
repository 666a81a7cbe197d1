// SPDX-License-Identifier: Apache-2.0

package table

import (
	"strings"
	"testing"

	"exreach/report/content"
)

func TestWidth(t *testing.T) {
	for text, want := range map[string]int{
		"":                            0,
		"mail01":                      6,
		"Grüße":                       5,
		"Gru\u0308ße":                 5, // the diaeresis stands on the u
		"メール":                         6,
		"ｍａｉｌ":                        8,
		"서버":                          4,
		"ok \U0001f4e7":               5,
		"\u2705 \u231a \u26a1 \u2b50": 11, // pictures outside the planes of pictures
		"\u2714 \u26a0 \u2192 \u2026": 7,  // symbols that are not wide
		"\U0001f1e9\U0001f1ea":        2,  // a flag
		"e\u0301\u0323":               1,
		"\u0e01\u0e34\u0e48":          1, // Thai, with a vowel and a tone above
		"\u0643\u064e":                1, // Arabic
		"\u1112\u1161\u11ab":          2, // one syllable of Korean
		"\u200d\u200b\ufeff\ufe0f":    0, // joiners, and what else shows nothing
		"\uff76\uff9e":                2, // half as wide as elsewhere in Japanese
		"\U00020000\u3000":            4,
	} {
		if got := Columns(text); got != want {
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
		if got := content.SecondsText(took); got != want {
			t.Errorf("%v s is %q, want %q", took, got, want)
		}
	}
}

// No line of columns is wider than the reader asked for.
func TestRowsNeverWider(t *testing.T) {
	for _, unit := range []string{"mail", "\u2705\U0001f4e7", "メール", "e\u0301\u0323o\u0308", "\u1112\u1161\u11ab서버"} {
		for _, long := range []int{1, 9, 60} {
			text := strings.Repeat(unit, long)
			for columns := 40; columns <= 140; columns += 5 {
				var out strings.Builder
				p := newPage(&out, content.Style{Width: columns})
				p.rows([][]string{{text, text, text}, {text, "short", text + " " + text}})
				if err := p.out.Flush(); err != nil {
					t.Fatal(err)
				}
				for line := range strings.Lines(out.String()) {
					if line = strings.TrimSuffix(line, "\n"); Columns(line) > columns {
						t.Fatalf("%q, %d times: %d columns instead of at most %d:\n%s", unit, long, Columns(line), columns, line)
					}
				}
			}
		}
	}
}
