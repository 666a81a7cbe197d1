// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for _, test := range []struct {
		said string
		max  int
		want string
	}{
		{"220 mail.example.com ready", 512, "220 mail.example.com ready"},
		{"220 a\r\n250 b\tc", 512, `220 a\r\n250 b\tc`},
		{"\x1b]0;pwned\a\x1b[2J", 512, `\x1b]0;pwned\x07\x1b[2J`},
		{"\x00\x7f", 512, `\x00\x7f`},
		{"\u009b31m", 512, `\u009b31m`},                                 // the CSI of terminals with 8-bit controls
		{"a\u202egpj.exe", 512, `a\u202egpj.exe`},                       // right-to-left override
		{"a\u2066b\u200bc\ufeffd", 512, `a\u2066b\u200bc\ufeffd`},       // isolates and what has no width
		{"a\u2028b\u00a0c\U000e0041", 512, `a\u2028b\u00a0c\U000e0041`}, // line separator, hard space, tag
		{"a\u3164b\u2800c\ufe0fd\u034fe\u115f\uffa0\u17b4\u180b\U000e0100", 512, `a\u3164b\u2800c\ufe0fd\u034fe\u115f\uffa0\u17b4\u180b\U000e0100`}, // nothing to be seen
		{"\xff\xfea\xc3", 512, `\xff\xfea\xc3`},
		{"\xed\xa0\x80", 512, `\xed\xa0\x80`}, // a surrogate is not UTF-8
		{"Bereit für 日本 ✓ \ufffd", 512, "Bereit für 日本 ✓ \ufffd"},
		{`DOMAIN\user <b> =1+1`, 512, `DOMAIN\user <b> =1+1`},
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc..."},
		{"ab\x00\x00", 9, `ab\x00...`}, // no escape is cut in two
		{"日本語", 8, "日..."},
		{"abc", 2, ""}, // no room for the ellipsis
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"", 5, ""},
	} {
		got := Printable(test.said, test.max)
		if got != test.want {
			t.Errorf("Printable(%q, %d) is %q, want %q", test.said, test.max, got, test.want)
		}
		if again := Printable(got, test.max); again != got {
			t.Errorf("what is printable changes when printed again: %q to %q", got, again)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("220 a\r\n\x1b[0m", uint(10))
	f.Fuzz(func(t *testing.T, said string, max uint) {
		got := Printable(said, int(max%4096))
		if !isPrintable(got) || len(got) > int(max%4096) {
			t.Errorf("Printable(%q, %d) is %q", said, max%4096, got)
		}
	})
}

func isPrintable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) || invisible(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
