// SPDX-License-Identifier: Apache-2.0

package table

import (
	"unicode"

	eastasian "golang.org/x/text/width"
)

// Columns returns how many columns of a terminal s takes.
func Columns(s string) int {
	total := 0
	for _, r := range s {
		total += runeWidth(r)
	}
	return total
}

// Clip returns the beginning of s that fits into so many columns.
func Clip(s string, columns int) string {
	for i, r := range s {
		if columns -= runeWidth(r); columns < 0 {
			return s[:i]
		}
	}
	return s
}

// joined are letters of Korean that stand in the column of the one before them: vowels and
// final consonants (Unicode, section 3.12).
var joined = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x1160, Hi: 0x11ff, Stride: 1}, {Lo: 0xd7b0, Hi: 0xd7ff, Stride: 1}},
}

// runeWidth returns how many columns a character takes: two if it is wide in East Asian
// scripts, as most pictures are (UAX 11), and none if it is drawn over another or not at all.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, joined):
		return 0
	}
	switch eastasian.LookupRune(r).Kind() {
	case eastasian.EastAsianWide, eastasian.EastAsianFullwidth:
		return 2
	}
	return 1
}
