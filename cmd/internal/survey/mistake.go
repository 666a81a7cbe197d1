// SPDX-License-Identifier: Apache-2.0

package survey

import "fmt"

// A Mistake is an error that knows how to put it right.
type Mistake struct {
	Err  error
	Hint string
}

func (m *Mistake) Error() string { return m.Err.Error() }

func (m *Mistake) Unwrap() error { return m.Err }

// mistake is fmt.Errorf with a hint for the user.
func mistake(hint, format string, a ...any) error {
	return &Mistake{fmt.Errorf(format, a...), hint}
}
