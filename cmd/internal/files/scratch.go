// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"os"
)

// A Scratch is a temporary file that does not outlive the command. Long reports go there.
// The zero value has no file yet.
type Scratch struct {
	*os.File
	named bool // it still has a name
}

// Create makes the file. Systems other than Windows can remove the name of an open file:
// there nothing is left behind, however the program ends.
func (s *Scratch) Create() error {
	f, err := os.CreateTemp("", "exreach-*.tmp")
	if err != nil {
		return err
	}
	s.File, s.named = f, os.Remove(f.Name()) != nil
	return nil
}

// Close removes the file.
func (s *Scratch) Close() error {
	if s.File == nil {
		return nil
	}
	err := s.File.Close()
	if s.named {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}
