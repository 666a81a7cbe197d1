// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"reflect"
)

// manyResults is more than any host has, except in a forged file.
const manyResults = 1 << 14

// A Saved is a saved report that Look has read through. It does not hold the results:
// Sorted and Streamed read the text again for them.
type Saved struct {
	Scattered bool // the results of some host do not stand together, though exreach writes them so

	name    string
	head    Report
	seed    maphash.Seed
	hosts   map[uint64]bool // hashes of their names, to save memory
	columns columns
}

// Look reads through what the formats json and jsonl wrote, and learns what stands above
// and below its results. A stream of lines carries no heading: its report has neither
// tool, from nor start. The counts are made anew, and every text is made printable, since
// anyone may have written the file. name stands for the file in errors.
func Look(name string, text io.Reader) (*Saved, error) {
	s := &Saved{name: name, seed: maphash.MakeSeed(), hosts: map[uint64]bool{}}
	var counts Counts
	of := byHost{take: s.meet}
	head, err := parse(text, func(e Entry) bool {
		counts.Add(e.Grade)
		return of.add(e)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	of.end()
	s.head = head.counted(counts)
	return s, nil
}

// meet takes note of a host by its results, or some of them.
func (s *Saved) meet(entries []Entry) bool {
	host := maphash.String(s.seed, entries[0].Host)
	s.Scattered = s.Scattered || s.hosts[host] || len(entries) == manyResults
	s.hosts[host] = true
	s.columns.measure(entries)
	return true
}

// Sorted returns the report with its results in memory, which it reads from the same text.
func (s *Saved) Sorted(text io.Reader) (Finished, error) {
	r := s.head
	r.Results = make([]Entry, 0, r.Counts.Total())
	if _, err := parse(text, func(e Entry) bool {
		r.Results = append(r.Results, e)
		return true
	}); err != nil {
		return Finished{}, fmt.Errorf("%s: %w", s.name, err)
	}
	arrange(r.Results)
	return r.Finished(), nil
}

// Streamed returns the report without its results in memory: each time that it is
// written, it reads them from what again returns, the same text. It takes no more memory
// than its longest host. The report must not be scattered.
func (s *Saved) Streamed(again func() io.Reader) Finished {
	return Finished{Head{Report: s.head, Hosts: len(s.hosts), columns: s.columns}, func(yield func([]Entry, error) bool) {
		wanted := true
		of := byHost{take: func(entries []Entry) bool {
			wanted = yield(entries, nil)
			return wanted
		}}
		_, err := parse(again(), of.add)
		switch {
		case !wanted:
		case err != nil:
			yield(nil, &UnreadError{fmt.Errorf("%s: %w", s.name, err)})
		default:
			of.end()
		}
	}}
}

// A byHost collects the results of a host as they come, manyResults at most.
type byHost struct {
	entries []Entry
	take    func([]Entry) bool
}

// add takes in one more result, and reports whether any more are wanted.
func (b *byHost) add(e Entry) bool {
	n := len(b.entries)
	if n > 0 && (b.entries[0].Host != e.Host || n == manyResults) {
		if !b.end() {
			return false
		}
		n = 0
	}
	b.entries = append(b.entries, e)
	return true
}

// end passes on what was collected, and reports whether any more are wanted.
func (b *byHost) end() bool {
	if len(b.entries) == 0 {
		return true
	}
	arrange(b.entries)
	wanted := b.take(b.entries)
	clear(b.entries)
	b.entries = b.entries[:0]
	return wanted
}

// counted returns the heading of a report that was read, printable and with the counts c.
func (r Report) counted(c Counts) Report {
	clean(reflect.ValueOf(&r).Elem())
	c.Hosts.Unasked = max(0, r.Counts.Hosts.Unasked)
	r.Counts, r.Results = c, []Entry{}
	return r
}

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
	fresh func() (Shelf, error) // makes the Shelf; nil if there is none, or if it has failed
	on    Shelf                 // what fresh made; nil until it is needed
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

// get returns the entries of a host that was shelved.
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
