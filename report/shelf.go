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

// atHand is how many entries a draft keeps in memory before it shelves any: few runs
// have more.
const atHand = 4096

// A shelf keeps the entries of many hosts. The zero value has no room.
type shelf struct {
	fresh func() (Shelf, error) // nil where there is none, or no room any more
	on    Shelf                 // nil until it is needed
	kept  int                   // entries in memory
	bytes int64                 // on the shelf
}

// A section is where the entries of a host lie.
type section struct {
	offset int64
	size   int
}

// put shelves the entries of a host. It reports whether it did.
func (s *shelf) put(entries []Entry) (section, bool) {
	if s.fresh == nil || s.kept+len(entries) <= atHand {
		s.kept += len(entries)
		return section{}, false
	}
	put, err := s.write(entries)
	if err != nil {
		s.fresh = nil
	}
	return put, err == nil
}

func (s *shelf) write(entries []Entry) (section, error) {
	if s.on == nil {
		on, err := s.fresh()
		if err != nil {
			return section{}, err
		}
		s.on = on
	}
	text, err := json.Marshal(entries)
	if err != nil {
		return section{}, err
	}
	put := section{s.bytes, len(text)}
	n, err := s.on.Write(text)
	s.bytes += int64(n)
	return put, err
}

// get is the entries of a host that was shelved.
func (s *shelf) get(from section) ([]Entry, error) {
	text := make([]byte, from.size)
	var entries []Entry
	_, err := s.on.ReadAt(text, from.offset)
	if err == nil {
		err = json.Unmarshal(text, &entries)
	}
	if err != nil {
		return nil, &UnreadError{fmt.Errorf("cannot read back the results of the run: %w", err)}
	}
	return entries, nil
}
