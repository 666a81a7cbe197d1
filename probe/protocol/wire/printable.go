// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Printable returns what a peer said as one line that is safe on a terminal: it
// holds graphic characters and spaces only. Control characters, direction marks,
// odd spaces, invisible letters and bytes that are not UTF-8 become escapes
// as Go writes them (\r, \x1b, \u202e). A backslash stays one, so DOMAIN\user reads well and
// what is printable already does not change. The result has at most max bytes;
// three dots end it where something was left out.
//
// Markup and the formulas of spreadsheets are graphic too: the writers of HTML
// and CSV see to them.
func Printable(s string, max int) string {
	if len(s) <= max && isPlain(s) {
		return s
	}
	const more = "..." // in ASCII: it stands in reports, and PowerShell 5.1 reads files in a code page
	var out []byte
	fit := 0 // the length of out that leaves room for the ellipsis
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		out = appendPrintable(out, r, s[:n])
		switch {
		case len(out) <= max-len(more):
			fit = len(out)
		case len(out) > max && max < len(more):
			return ""
		case len(out) > max:
			return string(out[:fit]) + more
		}
		s = s[n:]
	}
	return string(out)
}

// isPlain reports whether s is printable ASCII, as most of what is said is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// appendPrintable appends the rune r, as it is or escaped. Raw is the bytes of r.
func appendPrintable(out []byte, r rune, raw string) []byte {
	switch {
	case r == '\r':
		return append(out, `\r`...)
	case r == '\n':
		return append(out, `\n`...)
	case r == '\t':
		return append(out, `\t`...)
	case unicode.IsPrint(r) && !invisible(r) && (r != utf8.RuneError || len(raw) > 1):
		return append(out, raw...)
	case len(raw) == 1:
		return fmt.Appendf(out, `\x%02x`, raw[0])
	case r > 0xffff:
		return fmt.Appendf(out, `\U%08x`, r)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}

// invisible reports whether a graphic character shows nothing. These are the characters
// that a terminal may leave out where it cannot draw them (Unicode's
// Default_Ignorable_Code_Point), and two that are drawn empty.
func invisible(r rune) bool {
	const brailleBlank, nullNotehead = 0x2800, 0x1d159
	return r == brailleBlank || r == nullNotehead || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
