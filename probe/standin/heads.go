// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"bytes"
	"slices"
)

// search looks for the tokens that are expected in what an entry received first. What bears
// one is also in the record of the source whose token it is.
func (l *ledger) search(e *entry) {
	if len(l.expected) == 0 || e.raw == nil || e.shelf == nil || e.token != "" {
		return
	}
	heads := [][]byte{bytes.ToLower(e.raw.Received().Head)}
	if e.plain != nil {
		heads = append(heads, bytes.ToLower(e.plain.Received().Head))
	}
	for _, s := range l.expected {
		for token := range s.tokens {
			bears := func(head []byte) bool { return bytes.Contains(head, bytes.ToLower([]byte(token))) }
			if token != "" && slices.ContainsFunc(heads, bears) {
				e.token = token
				if s != e.shelf && len(s.borne) < mostOfExpected {
					s.borne = append(s.borne, e)
				}
				return
			}
		}
	}
}

// release drops the heads of sources that are not expected any more.
func (l *ledger) release() {
	borne := map[*entry]bool{}
	for _, s := range l.expected {
		for _, e := range s.borne {
			borne[e] = true
		}
	}
	for _, s := range l.shelves {
		for _, e := range s.entries {
			if s.tokens == nil && e.raw == nil && !borne[e] {
				l.heads -= headsOf(e)
				e.Received.Head, e.Sent.Head = nil, nil
			}
		}
	}
}

func headsOf(e *entry) int { return len(e.Received.Head) + len(e.Sent.Head) }
