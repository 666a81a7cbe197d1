// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"bytes"
	"iter"
)

// names is many names of hosts. They are kept in a few long texts: a string for each
// takes several times the memory of a short name.
type names struct {
	texts [][]byte // with a line for each name
	count int
}

const longText = 1 << 16

func (n *names) add(name string) {
	last := len(n.texts) - 1
	if last < 0 || len(n.texts[last])+len(name) >= longText {
		n.texts = append(n.texts, nil)
		last++
	}
	n.texts[last] = append(append(n.texts[last], name...), '\n')
	n.count++
}

// all is every name with its place.
func (n *names) all() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		place := 0
		for _, text := range n.texts {
			for line := range bytes.Lines(text) {
				if !yield(place, string(line[:len(line)-1])) {
					return
				}
				place++
			}
		}
	}
}
