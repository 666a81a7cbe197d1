// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// A Shelf keeps what need not be in memory, as a temporary file does.
type Shelf interface {
	io.Writer
	io.ReaderAt
}

// An UnreadError says that the results of a report could not be read while it was
// written.
type UnreadError struct{ Err error }

func (e *UnreadError) Error() string { return e.Err.Error() }

func (e *UnreadError) Unwrap() error { return e.Err }

// atHand is how many entries a draft keeps in memory before it shelves any: few runs
// have more.
const atHand = 4096

// A shelf keeps the entries of many hosts. The zero value has no room.
type shelf struct {
	fresh func() (Shelf, error) // makes the Shelf; nil if there is none, or if it has failed
	on    Shelf                 // what fresh made; nil until it is needed
	kept  int                   // entries in memory
	bytes int64                 // on the shelf
}

// A section is where a value lies on the shelf.
type section struct {
	offset int64
	size   int
}

// wants reports whether so many more entries are better shelved than kept in memory.
func (s *shelf) wants(entries int) bool {
	if s.fresh == nil || s.kept+entries <= atHand {
		s.kept += entries
		return false
	}
	return true
}

// put shelves a value. It reports whether it did: if a write fails, what follows stays in
// memory.
func (s *shelf) put(value any) (section, bool) {
	put, err := s.write(value)
	if err != nil {
		s.fresh = nil
	}
	return put, err == nil
}

func (s *shelf) write(value any) (section, error) {
	if s.on == nil {
		on, err := s.fresh()
		if err != nil {
			return section{}, err
		}
		s.on = on
	}
	text, err := json.Marshal(value)
	if err != nil {
		return section{}, err
	}
	put := section{s.bytes, len(text)}
	n, err := s.on.Write(text)
	s.bytes += int64(n)
	return put, err
}

// get reads a value that was shelved into into. Its error is an *UnreadError.
func (s *shelf) get(from section, into any) error {
	text := make([]byte, from.size)
	_, err := s.on.ReadAt(text, from.offset)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return &UnreadError{fmt.Errorf("cannot read back the results of the run: %w", err)}
	}
	return nil
}
