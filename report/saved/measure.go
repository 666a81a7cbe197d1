// SPDX-License-Identifier: Apache-2.0

package saved

import (
	"bytes"
	"encoding/json"
)

// A measure goes through the text of a value before it is read, and adds up how much memory
// the value will take. It also checks names. It says nothing of a text that is no JSON, or of
// another kind than it should be: encoding/json does.
type measure struct {
	text  []byte
	at    int
	bytes int // of memory, so far
	parts int // elements of lists, and members of objects that may have any names, so far
}

// A forgedError says what exreach does not write.
type forgedError struct {
	error
	at int // its offset in the text of the value
}

// value goes through the value at m.at, which has a shape, or nil if it is ignored.
func (m *measure) value(is *shape) error {
	c := m.next()
	if is == nil {
		m.skip()
		return nil
	}
	if is.pointer && c != 'n' {
		m.bytes += is.size
	}
	switch {
	case c == '{' && (is.members != nil || is.of != nil):
		return m.object(is)
	case c == '[' && is.of != nil:
		return m.list(is)
	case c == '"':
		const word = 8 // of which memory for texts is made
		m.bytes += (len(m.string()) + word - 1) / word * word
	default:
		m.skip()
	}
	return nil
}

func (m *measure) object(is *shape) error {
	names := &names{of: is}
	for m.at++; ; {
		switch m.next() {
		case ',':
			m.at++
		case '"':
			at := m.at
			name := m.string()
			if is.members == nil {
				m.part(is)
				m.bytes += len(name) // which is kept
			}
			inner, err := names.take(decoded(name))
			if err != nil {
				return &forgedError{err, at + 1}
			}
			if m.next() == ':' {
				m.at++
			}
			if err := m.value(inner); err != nil {
				return err
			}
		case '}':
			m.at++
			return nil
		default:
			m.at = len(m.text)
			return nil
		}
	}
}

func (m *measure) list(is *shape) error {
	for m.at++; ; {
		switch m.next() {
		case ',':
			m.at++
		case ']':
			m.at++
			return nil
		case 0:
			return nil
		default:
			m.part(is)
			if err := m.value(is.of); err != nil {
				return err
			}
		}
	}
}

// part counts one more element of a value.
func (m *measure) part(is *shape) {
	m.bytes += is.each
	m.parts++
}

// next passes white space, and returns the byte behind it: 0 at the end.
func (m *measure) next() byte {
	for ; m.at < len(m.text); m.at++ {
		switch c := m.text[m.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// string passes the string at m.at, and returns what is between its quotes.
func (m *measure) string() []byte {
	begin := m.at + 1
	for m.at = begin; m.at < len(m.text); m.at++ {
		switch m.text[m.at] {
		case '\\':
			m.at++
		case '"':
			m.at++
			return m.text[begin : m.at-1]
		}
	}
	m.at = len(m.text)
	return nil
}

// skip passes the value at m.at, at least one byte.
func (m *measure) skip() {
	for depth := 0; m.at < len(m.text); {
		switch m.text[m.at] {
		case '"':
			m.string()
		case '{', '[':
			depth++
			m.at++
		case '}', ']':
			depth--
			m.at++
		default:
			m.at++
		}
		if depth <= 0 && (m.at == len(m.text) || bytes.IndexByte([]byte(",]}: \t\r\n"), m.text[m.at]) >= 0) {
			return
		}
	}
}

// decoded is a string of JSON as it is meant.
func decoded(name []byte) string {
	if !bytes.ContainsRune(name, '\\') {
		return string(name)
	}
	var s string
	quotes := append(append([]byte{'"'}, name...), '"')
	_ = json.Unmarshal(quotes, &s) // its errors come when the whole is read
	return s
}
