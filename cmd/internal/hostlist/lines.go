// SPDX-License-Identifier: Apache-2.0

package hostlist

import "bufio"

// A lineReader reads UTF-8 in lines that end with \n, and without byte order marks. Old programs
// for the Mac end lines with \r alone. Files that were joined (copy /b, or cat) have a mark in
// the middle, which means nothing.
type lineReader struct {
	in    *bufio.Reader
	ended bool // a line has ended with \r; \n behind it belongs to the same end
}

// Read waits only for the first byte, as more may come through a pipe at any time.
func (l *lineReader) Read(p []byte) (n int, err error) {
	for n < len(p) && (n == 0 || l.in.Buffered() > 0) {
		b, err := l.in.ReadByte()
		if err != nil {
			return n, err
		}
		ended := l.ended
		l.ended = b == '\r'
		switch {
		case b == '\n' && ended, b == endOfDOS, b == byteOrderMark[0] && l.skipMark():
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

// byteOrderMark is U+FEFF in UTF-8.
const byteOrderMark = "\xef\xbb\xbf"

// skipMark skips the rest of a mark; false if there is none. Every letter that begins like a
// mark has three bytes.
func (l *lineReader) skipMark() bool {
	rest, _ := l.in.Peek(len(byteOrderMark) - 1)
	if string(rest) != byteOrderMark[1:] {
		return false
	}
	_, _ = l.in.Discard(len(rest))
	return true
}
