// SPDX-License-Identifier: Apache-2.0

// Package charset reads text files in the encodings that Windows writes. It knows neither
// reports nor lists of hosts, and may import nothing of exreach.
package charset

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// UTF8 reads a text as UTF-8, without a byte order mark. PowerShell 5.1 writes UTF-16 (> and
// Out-File), and many editors put a mark in front. A text without one is UTF-16 if one of its
// first two bytes is zero, as with any text that begins with a letter of ASCII. UTF8 reads
// these two bytes at once, and so may wait for a pipe.
func UTF8(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	head, _ := in.Peek(2)
	if len(head) < 2 {
		return in
	}
	switch mark := string(head); {
	case mark == "\xff\xfe":
		_, _ = in.Discard(2)
		return &utf16Reader{in: in, order: binary.LittleEndian}
	case mark == "\xfe\xff":
		_, _ = in.Discard(2)
		return &utf16Reader{in: in, order: binary.BigEndian}
	case mark == "\xef\xbb":
		if head, _ = in.Peek(3); bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
			_, _ = in.Discard(3)
		}
	case head[0] != 0 && head[1] == 0:
		return &utf16Reader{in: in, order: binary.LittleEndian}
	case head[0] == 0 && head[1] != 0:
		return &utf16Reader{in: in, order: binary.BigEndian}
	}
	return in
}

// A utf16Reader reads UTF-16 as UTF-8.
type utf16Reader struct {
	in    *bufio.Reader
	order binary.ByteOrder
	high  rune // a high surrogate that waits for its other half; 0 where none does
	rest  []byte
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		var pair [2]byte
		if _, err := io.ReadFull(u.in, pair[:]); err == io.ErrUnexpectedEOF {
			return 0, io.EOF // an odd byte at the end
		} else if err != nil {
			return 0, err
		}
		u.add(rune(u.order.Uint16(pair[:])))
	}
	n := copy(p, u.rest)
	u.rest = append(u.rest[:0], u.rest[n:]...)
	return n, nil
}

// add takes one more unit. It replaces a surrogate without its other half by U+FFFD.
func (u *utf16Reader) add(unit rune) {
	high := u.high
	u.high = 0
	switch both := utf16.DecodeRune(high, unit); {
	case high != 0 && both != utf8.RuneError:
		u.rest = utf8.AppendRune(u.rest, both)
		return
	case high != 0:
		u.rest = utf8.AppendRune(u.rest, utf8.RuneError)
	}
	if unit >= 0xd800 && unit < 0xdc00 {
		u.high = unit
		return
	}
	u.rest = utf8.AppendRune(u.rest, unit) // AppendRune replaces a low surrogate by U+FFFD
}
