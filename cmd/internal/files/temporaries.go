// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"sync"
)

// Temporaries is the temporary files of a program that have a name at the moment. If the
// program ends before its commands do, it removes them first. Nil keeps no account.
type Temporaries struct {
	mu    sync.Mutex
	named map[*os.File]bool
}

// Remove closes and removes the files.
func (t *Temporaries) Remove() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for f := range t.named {
		f.Close() // Windows removes no file that is open
		os.Remove(f.Name())
	}
}

func (t *Temporaries) add(f *os.File) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.named == nil {
		t.named = map[*os.File]bool{}
	}
	t.named[f] = true
}

// forget is for a file that has been removed, or that must stay.
func (t *Temporaries) forget(f *os.File) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.named, f)
}
