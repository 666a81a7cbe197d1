// SPDX-License-Identifier: Apache-2.0

package report

// manyResults is more than any host has, except in a forged file.
const manyResults = 1 << 14

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
	wanted := b.take(b.entries)
	clear(b.entries)
	b.entries = b.entries[:0]
	return wanted
}
