// SPDX-License-Identifier: Apache-2.0

package quote

import (
	"regexp"
	"strings"
	"unicode"

	"exreach/probe/protocol/wire"
)

// Markdown returns a text as one line of Markdown that shows it as it is (CommonMark 0.31,
// GitHub Flavored Markdown 0.29): no heading, list, link, image, mention or HTML comes of it,
// wherever it stands. Words that a tracker makes links of, such as addresses, stand in code
// spans.
func Markdown(text string) string {
	var out []string
	for _, word := range strings.Fields(wire.Printable(text, longest)) {
		out = append(out, markdownWord(word))
	}
	return escapeStart(strings.Join(out, " "))
}

// Code returns a text as a code span; "" if there is no text.
func Code(text string) string {
	if text = strings.TrimSpace(wire.Printable(text, longest)); text == "" {
		return ""
	}
	fence := strings.Repeat("`", longestRun(text, '`')+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " " // which a reader takes off again
	}
	return fence + text + fence
}

// TableCell returns Markdown of this package for a cell of a table, where even a code span
// ends at a bar (GFM, section 4.10).
func TableCell(markdown string) string { return strings.ReplaceAll(markdown, "|", `\|`) }

// special are the characters that mean something in the middle of a line, and that a
// backslash makes plain.
const special = `\*_[]`

// markdownWord returns a word of a text. Punctuation around one that becomes code stays
// outside.
func markdownWord(word string) string {
	if !needsCode(word) {
		return escape(word, special)
	}
	inner := strings.TrimLeft(word, `("'`)
	before := word[:len(word)-len(inner)]
	inner = strings.TrimRight(inner, `)"',.;:`)
	if inner == "" || needsCode(before) || needsCode(word[len(before)+len(inner):]) {
		return Code(word)
	}
	return before + Code(inner) + word[len(before)+len(inner):]
}

// reference is how trackers write an issue without a "#" (GH-12), and the hash of a commit.
var reference = regexp.MustCompile(`(?i)\b(gh-[0-9]+|[0-9a-f]{7,64})\b`)

// needsCode reports whether a tracker may make something else of a word than its letters: a
// link, HTML, a mention, a reference to an issue, a picture, a formula.
func needsCode(word string) bool {
	return strings.ContainsAny(word, "@#<>&~$`") || strings.Contains(word, "://") || strings.Contains(strings.ToLower(word), "www.") ||
		strings.Count(word, ":") > 1 || strings.HasPrefix(word, "!") || strings.HasPrefix(word, "%") || looksLikeHost(word) || reference.MatchString(word)
}

// looksLikeHost reports whether a dot stands before a letter inside a word, as in a name, or
// three dots, as in an address: some trackers link these, too. A number such as 1.2 is none.
func looksLikeHost(word string) bool {
	before := ' '
	for _, r := range word {
		if before == '.' && unicode.IsLetter(r) {
			return true
		}
		before = r
	}
	return strings.Count(strings.TrimRight(word, "."), ".") > 2
}

// escapeStart escapes what means something at the beginning of a line: a heading, a
// quotation, a list, or what makes a heading of the line above.
func escapeStart(text string) string {
	digits := strings.TrimLeft(text, "0123456789")
	switch {
	case text == "":
		return ""
	case strings.ContainsRune("+-=:", rune(text[0])):
		return `\` + text
	case len(digits) < len(text) && (strings.HasPrefix(digits, ".") || strings.HasPrefix(digits, ")")):
		return text[:len(text)-len(digits)] + `\` + digits
	}
	return text
}

// escape puts a backslash before each of some characters.
func escape(text, characters string) string {
	var out strings.Builder
	for _, r := range text {
		if strings.ContainsRune(characters, r) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// longestRun is how many of a character stand in a row, at most.
func longestRun(text string, character rune) int {
	most, run := 0, 0
	for _, r := range text {
		if run++; r != character {
			run = 0
		}
		most = max(most, run)
	}
	return most
}
