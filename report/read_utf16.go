// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf8Of reads a saved report as plain UTF-8, whatever Windows made of it:
// PowerShell 5 redirects as UTF-16, editors put a byte order mark in front.
func utf8Of(r io.Reader) io.Reader {
	in := bufio.NewReader(r)
	head, _ := in.Peek(3)
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		_, _ = in.Discard(2)
		return &utf16Reader{in: in, order: binary.LittleEndian}
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		_, _ = in.Discard(2)
		return &utf16Reader{in: in, order: binary.BigEndian}
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, _ = in.Discard(3)
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
