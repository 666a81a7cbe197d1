// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"errors"
	"fmt"
)

// mistakes are what is wrong with a list. All are counted, and the first ones kept.
type mistakes struct {
	list  string
	first []error
	count int
}

// manyMistakes is how many mistakes are told, and longMistake how much of each, in letters.
const (
	manyMistakes = 10
	longMistake  = 400
)

func (m *mistakes) add(line int, err error) {
	if m.count++; m.count <= manyMistakes {
		m.first = append(m.first, fmt.Errorf("%s:%d: %w", m.list, line, err))
	}
}

// err returns all mistakes in one error, with the hint of the first that has one; nil if
// there are none.
func (m *mistakes) err() error {
	switch m.count {
	case 0:
		return nil
	case 1:
		return m.first[0]
	}
	text := fmt.Sprintf("%s has %d mistakes:", m.list, m.count)
	hint := (*Mistake)(nil)
	for _, err := range m.first {
		if hint == nil {
			errors.As(err, &hint)
		}
		text += fmt.Sprintf("\n%.*s", longMistake, err)
	}
	if more := m.count - len(m.first); more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	if hint == nil {
		return errors.New(text)
	}
	return &Mistake{errors.New(text), hint.Hint}
}
