// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A Mask hides a password in what a peer said: a peer may repeat the password that we
// told it. The Mask finds it as it is, in other case, escaped letter by letter in the
// way of URLs, HTML, quoted-printable, JSON or Go, in UTF-16, in hexadecimal, in Base64
// of any of these, and backwards. Package probe masks all that it reports. A nil Mask
// hides nothing.
//
// The Mask hides a password of less than four letters only where it stands as a word of
// its own. So short a text is part of many words: without them the report would be
// unreadable, and what is missing would show the password. The Mask then misses any other
// shape. What a server says to a login itself is not kept at all.
type Mask struct {
	exact   []string  // texts that are found as they are, byte by byte
	needles []needle  // texts that are found letter by letter
	first   [256]bool // bytes with which a needle may begin
	word    string    // a short password; the other fields are empty then
}

// A needle is a text that a Mask looks for letter by letter.
type needle struct {
	letters []rune
	spaced  bool // it is pairs of digits, which may stand apart
	base64  bool // it is the middle of a word in Base64, which is hidden whole
}

// hidden stands where a password would.
const hidden = "[password]"

// leastShape is the number of letters by which a Mask recognizes a part of a password.
const leastShape = 4

// NewMask returns a Mask for the password of c; nil if there is none, or c is nil.
func NewMask(c *Credentials) *Mask {
	if c == nil || c.Password.Reveal() == "" {
		return nil
	}
	password := c.Password.Reveal()
	if utf8.RuneCountInString(password) < leastShape {
		return &Mask{word: password}
	}
	m := &Mask{}
	if !utf8.ValidString(password) { // one from the environment may be anything
		m.exact = append(m.exact, password)
	}
	letters := []rune(password)
	parts := (len(letters) + longestNeedle - 1) / longestNeedle
	for part := range slices.Chunk(letters, (len(letters)+parts-1)/parts) {
		m.lookFor(string(part))
	}
	for _, escape := range `%=\&` {
		m.first[escape] = true
	}
	return m
}

// longestNeedle is the number of letters of the parts that a long password is cut into.
const longestNeedle = 64

// lookFor makes m look for a text in all its shapes.
func (m *Mask) lookFor(text string) {
	wide := [2]string{utf16Text(text, binary.LittleEndian), utf16Text(text, binary.BigEndian)}
	m.exact = append(m.exact, wide[:]...)
	backwards := []rune(text)
	slices.Reverse(backwards)
	m.look(needle{letters: []rune(text)}, needle{letters: backwards})
	for _, raw := range []string{text, wide[0], wide[1]} {
		m.look(needle{letters: []rune(hex.EncodeToString([]byte(raw))), spaced: true})
	}
	digits := hex.EncodeToString([]byte(text))
	for _, raw := range []string{text, wide[0], wide[1], digits, strings.ToUpper(digits), base64.StdEncoding.EncodeToString([]byte(text))} {
		for before := range 3 {
			m.look(needle{letters: []rune(base64Core(raw, before)), base64: true})
		}
	}
}

func (m *Mask) look(needles ...needle) {
	for _, n := range needles {
		if len(n.letters) < leastShape {
			continue
		}
		for i, r := range n.letters {
			n.letters[i] = folded(r)
		}
		m.needles = append(m.needles, n)
		for b := range m.first {
			r := folded(rune(b))
			m.first[b] = m.first[b] || b >= utf8.RuneSelf || r == n.letters[0]
		}
	}
}

// base64Core returns the part of a Base64 text that only raw decides, not what stands
// around it. Before is how many bytes of a group of three stand before raw.
func base64Core(raw string, before int) string {
	text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + raw))
	first, last := (before*8+5)/6, (before+len(raw))*8/6
	return text[first:max(first, last)]
}

// utf16Text is a text in two bytes a letter.
func utf16Text(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// folded makes letters equal that a Mask does not tell apart: those that differ in case
// only, and those of the two alphabets of Base64.
func folded(r rune) rune {
	switch r {
	case '-':
		return '+'
	case '_':
		return '/'
	}
	return unicode.ToLower(r)
}

// Hide takes the password out of text.
func (m *Mask) Hide(text string) string { return m.hide(text, false) }

// HideCut is Hide for an excerpt, which may end in the middle of a password: it hides
// the beginning of one at the end, too.
func (m *Mask) HideCut(text string) string { return m.hide(text, true) }

func (m *Mask) hide(text string, cut bool) string {
	if m == nil {
		return text
	}
	if m.word != "" {
		return hideWord(text, m.word)
	}
	for _, shape := range m.exact {
		text = strings.ReplaceAll(text, shape, hidden)
	}
	var out []byte // the masked text[:begin]; nil until there is something to hide
	begin := 0
	for at := 0; at < len(text); {
		if strings.HasPrefix(text[at:], hidden) { // hidden above, or by an earlier Hide
			at += len(hidden)
			continue
		}
		n, found := 0, needle{}
		if m.first[text[at]] {
			n, found = m.needleAt(text[at:], cut)
		}
		if n == 0 {
			at++
			continue
		}
		out = append(out, text[begin:at]...)
		if found.base64 {
			out = []byte(strings.TrimRightFunc(string(out), isBase64))
			n += len(text[at+n:]) - len(strings.TrimLeftFunc(text[at+n:], isBase64))
		}
		out = append(out, hidden...)
		at += n
		begin = at
	}
	if out == nil {
		return text
	}
	return string(append(out, text[begin:]...))
}

func isBase64(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("+/-_=", r))
}

// needleAt returns the needle that text begins with and its length there, or 0 for none.
func (m *Mask) needleAt(text string, cut bool) (int, needle) {
	for _, n := range m.needles {
		if length := n.begins(text, cut); length > 0 {
			return length, n
		}
	}
	return 0, needle{}
}

// maxReadings bounds the places that begins follows at a time.
const maxReadings = 16

// begins returns how many bytes of text are the needle, 0 if text does not begin with
// it. A text that is cut may end early, with only the beginning of the needle. A letter
// may also be the beginning of an escape, so begins follows all places where the next
// letter may stand.
func (n needle) begins(text string, cut bool) int {
	places := []int{0}
	for i, want := range n.letters {
		var next []int
		for _, at := range places {
			if i > 0 {
				at = n.skip(text, at)
			}
			if cut && i >= leastShape && endsEarly(text[at:]) {
				return len(text)
			}
			next = letterAt(next, text, at, want)
		}
		for _, at := range places { // what skip passes over may belong to the password
			next = letterAt(next, text, at, want)
		}
		if len(next) == 0 {
			return 0
		}
		places = next
	}
	return slices.Max(places)
}

// letterAt adds to next the places behind the letter want, if that stands at a place.
func letterAt(next []int, text string, at int, want rune) []int {
	for r, length := range readings(text[at:]) {
		if folded(r) == want && len(next) < maxReadings && !slices.Contains(next, at+length) {
			next = append(next, at+length)
		}
	}
	return next
}

// longestEscape is the most bytes that the escape for one letter takes.
const longestEscape = 12

// endsEarly reports whether an excerpt ends here, or in the middle of a letter.
func endsEarly(rest string) bool {
	return rest == "" || !utf8.FullRuneInString(rest) ||
		len(rest) < longestEscape && strings.ContainsRune(`%=\&`, rune(rest[0])) && !strings.ContainsAny(rest[1:], " ;")
}

// between is what may stand between two letters: the other half of a letter in
// UTF-16, and the end of a line of quoted-printable.
var between = []string{"\x00", `\x00`, `\u0000`, "%00", "=00", "=\r\n", "=\n", `=\r\n`}

// betweenDigits is what may stand between pairs of digits.
var betweenDigits = []string{" ", ":", "-", ",", "0x", `\x`}

// skip returns the place behind all that stands between two letters at a place.
func (n needle) skip(text string, at int) int {
	marks := between
	if n.spaced {
		marks = slices.Concat(between, betweenDigits)
	}
	for i := 0; i < len(marks); i++ {
		if strings.HasPrefix(text[at:], marks[i]) {
			at += len(marks[i])
			i = -1
		}
	}
	return at
}

// hideWord hides a short password where no letter and no digit stands beside it.
func hideWord(text, word string) string {
	var out strings.Builder
	last := ' ' // before the rest of text
	for text != "" {
		rest, found := strings.CutPrefix(text, word)
		next, _ := utf8.DecodeRuneInString(rest)
		if found && !isWordly(last) && (rest == "" || !isWordly(next)) {
			out.WriteString(hidden)
			text, last = rest, ' '
			continue
		}
		r, n := utf8.DecodeRuneInString(text)
		out.WriteString(text[:n])
		text, last = text[n:], r
	}
	return out.String()
}

func isWordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
