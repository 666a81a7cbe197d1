// SPDX-License-Identifier: Apache-2.0

package files

import (
	"cmp"
	"io"
	"sync"
)

// An ErrWriter is a Writer that remembers the first error of writing to it. Err may be called
// while an interrupted write goes on.
type ErrWriter struct {
	io.Writer
	mu  sync.Mutex
	err error
}

func (w *ErrWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = cmp.Or(w.err, err)
	return n, err
}

// Err returns the first error of writing; nil if there was none.
func (w *ErrWriter) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
