// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// readings yields the letters that text may begin with, and how many bytes each takes:
// the letter as it is, and those that an escape there stands for. A Mask looks for a
// password in all of them.
func readings(text string) iter.Seq2[rune, int] {
	return func(yield func(rune, int) bool) {
		if text == "" {
			return
		}
		r, n := utf8.DecodeRuneInString(text)
		if r == utf8.RuneError && n == 1 {
			r = rune(text[0]) // Latin-1, or half of a letter in UTF-16
		}
		if !yield(r, n) {
			return
		}
		switch text[0] {
		case '+', '_': // a space in a URL, and in an encoded word (RFC 2047 section 4.2)
			yield(' ', 1)
		case '%', '=', '\\', '&':
			for _, read := range escapes {
				r, n := read(text)
				if n > 0 && !yield(r, n) || r == '+' && !yield(' ', n) {
					return
				}
			}
		}
	}
}

// escapes are the ways of writing one letter with others. Each returns the letter and
// its length in bytes, which is 0 where text does not begin with such an escape.
var escapes = []func(text string) (rune, int){
	bytesBehind("%"), bytesBehind("%25"), bytesBehind("="), bytesBehind(`\x`),
	digitsBehind(`\u`, 16, 4), digitsBehind(`\U`, 16, 8), digitsBehind(`\`, 8, 3),
	entity, backslash,
}

// bytesBehind returns a function that reads one letter, in UTF-8 or else in Latin-1,
// with a mark before each of its bytes: %c3%bc.
func bytesBehind(mark string) func(string) (rune, int) {
	one := digitsBehind(mark, 16, 2)
	return func(text string) (rune, int) {
		var octets []byte
		size := 0
		for rest := text; len(octets) < utf8.UTFMax; rest = text[size:] {
			b, n := one(rest)
			if n == 0 {
				break
			}
			octets = append(octets, byte(b))
			size += n
		}
		if len(octets) == 0 {
			return 0, 0
		}
		each := size / len(octets)
		r, n := utf8.DecodeRune(octets)
		if r == utf8.RuneError && n <= 1 {
			return rune(octets[0]), each
		}
		return r, n * each
	}
}

// digitsBehind returns a function that reads a mark and behind it the number of a
// letter, in that many digits.
func digitsBehind(mark string, base, digits int) func(string) (rune, int) {
	return func(text string) (rune, int) {
		rest, ok := strings.CutPrefix(text, mark)
		if !ok || len(rest) < digits {
			return 0, 0
		}
		number, err := strconv.ParseUint(rest[:digits], base, 31)
		if err != nil {
			return 0, 0
		}
		return rune(number), len(mark) + digits
	}
}

// entities are the letters that HTML has names for because they mean something.
var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "nbsp": ' ', "sol": '/', "bsol": '\\', "num": '#', "plus": '+', "dollar": '$'}

// entity reads &#252; and &#xfc; and &amp;.
func entity(text string) (rune, int) {
	inside, ok := strings.CutPrefix(text, "&")
	end := strings.IndexByte(inside, ';')
	if !ok || end < 1 || end > longestEscape {
		return 0, 0
	}
	name := strings.ToLower(inside[:end])
	size := len("&") + end + len(";")
	if digits, ok := strings.CutPrefix(name, "#"); ok {
		base := 10
		if octal, ok := strings.CutPrefix(digits, "x"); ok {
			digits, base = octal, 16
		}
		number, err := strconv.ParseUint(digits, base, 31)
		if err != nil {
			return 0, 0
		}
		return rune(number), size
	}
	r, ok := entities[name]
	if !ok {
		return 0, 0
	}
	return r, size
}

// backslash reads a letter with a backslash before it.
func backslash(text string) (rune, int) {
	if len(text) < 2 || text[0] != '\\' {
		return 0, 0
	}
	r, n := utf8.DecodeRuneInString(text[1:])
	return r, 1 + n
}
