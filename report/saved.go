// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"hash/maphash"
	"io"
	"reflect"
)

// manyResults is more than any host has, short of a file that somebody forged.
const manyResults = 1 << 14

// OpenSaved reads a saved report as Read does, and keeps none of its results: each
// time that they are written, they are read from what again returns, which is the
// same text once more. So a report of any length takes no more memory than its
// longest host, if the results of each host stand together in it, as exreach writes
// them. Those of another report are kept, since they have to be sorted.
func OpenSaved(name string, text io.Reader, again func() io.Reader) (Finished, error) {
	s := &saved{name: name, again: again, seed: maphash.MakeSeed(), hosts: map[uint64]bool{}, together: true}
	head, err := s.survey(text)
	if err != nil {
		return Finished{}, err
	}
	if s.together {
		return Finished{Report: head, hosts: len(s.hosts), columns: s.columns, parts: s.parts}, nil
	}
	r, err := read(name, again(), head.Counts.Total())
	return r.Finished(), err
}

// A saved is a report in a file.
type saved struct {
	name     string
	again    func() io.Reader // its text from the beginning
	seed     maphash.Seed
	hosts    map[uint64]bool // hashes of their names: a long report takes little memory so
	together bool            // the results of each host stand together
	columns  columns
}

// survey reads all of it, and keeps what there is to know about the whole.
func (s *saved) survey(text io.Reader) (Report, error) {
	var counts Counts
	of := byHost{take: s.meet}
	head, err := parse(text, func(e Entry) bool {
		counts.Add(e.Grade)
		return of.add(e)
	})
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", s.name, err)
	}
	of.end()
	return head.counted(counts), nil
}

// meet takes in the results of a host, or some of them.
func (s *saved) meet(entries []Entry) bool {
	host := maphash.String(s.seed, entries[0].Host)
	s.together = s.together && !s.hosts[host] && len(entries) < manyResults
	s.hosts[host] = true
	s.columns.measure(entries)
	return true
}

// parts reads the results again.
func (s *saved) parts(yield func([]Entry, error) bool) {
	wanted := true
	of := byHost{take: func(entries []Entry) bool {
		wanted = yield(entries, nil)
		return wanted
	}}
	_, err := parse(s.again(), of.add)
	switch {
	case !wanted:
	case err != nil:
		yield(nil, &UnreadError{fmt.Errorf("%s: %w", s.name, err)})
	default:
		of.end()
	}
}

// A byHost puts the results of a host together as they come, as many as a host
// may have.
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
	e.order = n
	b.entries = append(b.entries, e)
	return true
}

// end hands over what is there.
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

// counted is the heading of a report that was read, with the counts of its results.
func (r Report) counted(c Counts) Report {
	clean(reflect.ValueOf(&r).Elem())
	c.Unasked = max(0, r.Counts.Unasked)
	r.Counts, r.Results = c, []Entry{}
	return r
}
