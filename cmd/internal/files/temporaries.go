// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"sync"
)

// Temporaries is the temporary files that have a name at the moment. A program that ends
// before its commands do removes them first. Nil keeps no account.
type Temporaries struct {
	mu    sync.Mutex
	names map[string]bool
}

// Remove removes the files. Windows keeps those that are open.
func (t *Temporaries) Remove() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name := range t.names {
		os.Remove(name)
	}
}

func (t *Temporaries) add(name string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = map[string]bool{}
	}
	t.names[name] = true
}

// forget is for a file that has been removed, or that must stay.
func (t *Temporaries) forget(name string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, name)
}
