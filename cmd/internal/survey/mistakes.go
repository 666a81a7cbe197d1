// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"errors"
	"fmt"
	"strings"
)

// Mistakes is the error for a list with several mistakes.
type Mistakes struct {
	Lines []string // a heading, and a line for each of the first mistakes
}

func (m *Mistakes) Error() string { return strings.Join(m.Lines, "\n") }

// mistakes are what is wrong with a list. All are counted, and the first ones kept.
type mistakes struct {
	list  string
	first []inLine
	count int
}

// An inLine is what is wrong with a line.
type inLine struct {
	line int
	err  error
}

// manyMistakes is how many mistakes are told, and longMistake how much of each, in letters.
const (
	manyMistakes = 10
	longMistake  = 400
)

func (m *mistakes) add(line int, err error) {
	if m.count++; m.count <= manyMistakes {
		m.first = append(m.first, inLine{line, err})
	}
}

// err returns all mistakes in one error, with the hint of the first that has one; nil if
// there are none.
func (m *mistakes) err() error {
	switch m.count {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s:%d: %w", m.list, m.first[0].line, m.first[0].err)
	}
	all := &Mistakes{Lines: []string{fmt.Sprintf("%s has %d mistakes:", m.list, m.count)}}
	hint := (*Mistake)(nil)
	for _, in := range m.first {
		if hint == nil {
			errors.As(in.err, &hint)
		}
		all.Lines = append(all.Lines, fmt.Sprintf("%s:%d: %.*s", m.list, in.line, longMistake, in.err))
	}
	if more := m.count - len(m.first); more > 0 {
		all.Lines = append(all.Lines, fmt.Sprintf("and %d more", more))
	}
	if hint == nil {
		return all
	}
	return &Mistake{all, hint.Hint}
}
