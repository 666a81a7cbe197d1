// SPDX-License-Identifier: Apache-2.0

package hostlist

import "bufio"

// A text reads UTF-8 in lines that end with \n, and without byte order marks. Old programs
// for the Mac end lines with \r alone. Files that were joined (copy /b, or cat) have a mark in
// the middle, which means nothing.
type text struct {
	in    *bufio.Reader
	ended bool // a line has ended with \r; \n behind it belongs to the same end
}

// Read waits only for the first byte, as more may come through a pipe at any time.
func (t *text) Read(p []byte) (n int, err error) {
	for n < len(p) && (n == 0 || t.in.Buffered() > 0) {
		b, err := t.in.ReadByte()
		if err != nil {
			return n, err
		}
		ended := t.ended
		t.ended = b == '\r'
		switch {
		case b == '\n' && ended, b == endOfDOS, b == mark[0] && t.skipMark():
			continue
		case b == '\r':
			b = '\n'
		}
		p[n] = b
		n++
	}
	return n, nil
}

// endOfDOS is what copy of Windows writes behind a text that it joins.
const endOfDOS = 0x1a

// mark is a byte order mark in UTF-8.
const mark = "\xef\xbb\xbf"

// skipMark skips the rest of a mark; false if there is none. Every letter that begins like a
// mark has three bytes.
func (t *text) skipMark() bool {
	rest, _ := t.in.Peek(len(mark) - 1)
	if string(rest) != mark[1:] {
		return false
	}
	_, _ = t.in.Discard(len(rest))
	return true
}
