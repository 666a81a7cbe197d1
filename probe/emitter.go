// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"sync"
	"time"
)

// An emitter hands on the results of one check and marks the last of them:
// whoever puts the results of a host together must know when they are all
// there. How many a check will have is known only when it is over, so that one
// is always held back.
type emitter struct {
	out chan<- Result

	mu   sync.Mutex
	held *Result
}

// emit takes one more result.
func (e *emitter) emit(r Result) {
	r.At = time.Now()
	e.mu.Lock()
	before := e.held
	e.held = &r
	e.mu.Unlock()
	if before != nil {
		e.out <- *before
	}
}

// end hands on the last result, when nobody emits any more.
func (e *emitter) end() {
	if e.held != nil {
		e.held.Last = true
		e.out <- *e.held
	}
}
