// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"os"
	"sync"
)

// A Scratch is a temporary file that does not outlive the command. Long reports go there.
// The zero value has no file yet.
type Scratch struct {
	*os.File
	named bool // it still has a name, by which temporaries know it

	temporaries *Temporaries

	mu     sync.Mutex // of Create and Close: an interrupted command closes what is still in use
	closed bool
}

// Create makes the file. Systems other than Windows can remove the name of an open file:
// there nothing is left behind, however the program ends. On Windows temporaries has it until
// Close.
func (s *Scratch) Create(temporaries *Temporaries) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return os.ErrClosed
	}
	f, err := os.CreateTemp("", "exreach-*.tmp")
	if err != nil {
		return err
	}
	s.File, s.temporaries, s.named = f, temporaries, os.Remove(f.Name()) != nil
	if s.named {
		temporaries.add(f)
	}
	return nil
}

// Close removes the file, and keeps Create from making another.
func (s *Scratch) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.File == nil {
		return nil
	}
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
		s.temporaries.forget(s.File)
	}
	return err
}
