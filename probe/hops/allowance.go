// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"context"
	"sync"
	"time"
)

// An allowance is the time that all traces of a Guide may take. It passes while any of them
// is under way. The zero value has tracesTime left.
type allowance struct {
	mu     sync.Mutex
	used   time.Duration
	active int       // traces under way
	since  time.Time // when the first of them began
}

// spend returns a context that ends with the cause ErrTimeUp when the allowance is used up.
// The caller calls done when his trace is over.
func (a *allowance) spend(ctx context.Context) (_ context.Context, done func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.active == 0 {
		a.since = time.Now()
	}
	a.active++
	ctx, stop := context.WithDeadlineCause(ctx, a.since.Add(tracesTime-a.used), ErrTimeUp)
	return ctx, func() {
		stop()
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.active--; a.active == 0 {
			a.used += time.Since(a.since)
		}
	}
}
