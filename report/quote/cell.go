// SPDX-License-Identifier: Apache-2.0

// Package quote makes text safe for the language that it goes into: the cells of a
// spreadsheet, and Markdown. The text may come from a peer, a file or a saved report, and is
// hostile.
package quote

import (
	"strings"
	"unicode"

	"exreach/probe/protocol/wire"
)

// longest is the most bytes of one text: a cell of Excel holds 32,767 characters.
const longest = 32_000

// Cell returns a text for a cell of a spreadsheet. It is one printable line, and no program
// takes it for a formula: where it begins with a character that begins one, an apostrophe
// stands in front (OWASP, CSV Injection). The same holds for what follows each comma and
// semicolon in it, because a program that is told of another separator than the file has
// begins a cell there.
func Cell(text string) string {
	text = wire.Printable(text, longest)
	var out strings.Builder
	for {
		n := strings.IndexAny(text, separators) + 1
		if n == 0 {
			n = len(text)
		}
		if beginsFormula(text[:n]) {
			out.WriteByte('\'')
		}
		out.WriteString(text[:n])
		if text = text[n:]; text == "" {
			return out.String()
		}
	}
}

// separators are the characters that may part cells and that printable text may hold: a tab
// is not printable.
const separators = ",;"

const (
	// openers begin a formula or, as | does, a call of another program (DDE); with their
	// fullwidth, small, raised and lowered forms (Unicode, NFKC), which programs for East
	// Asian languages take for them, and the minus sign.
	openers = "=＝﹦⁼₌" + "+＋﹢⁺₊" + "-－﹣⁻₋−" + "@＠﹫" + "|｜"
	// quotes are what a program may take off before it looks at a cell.
	quotes = `"'` + "＂＇‘’‚“”„"
)

// beginsFormula reports whether the first character that counts begins a formula.
func beginsFormula(text string) bool {
	for _, r := range text {
		if !unicode.IsSpace(r) && !unicode.In(r, unicode.Mn, unicode.Me) && !strings.ContainsRune(quotes, r) {
			return strings.ContainsRune(openers, r)
		}
	}
	return false
}
