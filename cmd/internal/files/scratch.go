// SPDX-License-Identifier: Apache-2.0

package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
)

// A Scratch is a temporary file that does not outlive the command. Long reports and what a
// Replay reads from a pipe go there. The zero value has no file yet.
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

// A Replay is a text that can be read more than once. exreach report makes one to write a
// format that needs the totals first.
type Replay struct {
	io.Reader
	Again func() io.Reader // the text from its beginning; call it when Reader is at its end
	Close func() error     // removes what was kept
}

// Replayable makes a Replay of the text in from, whose reads end when ctx does. If from is
// a pipe, the Replay keeps what it reads until it is closed.
func Replayable(ctx context.Context, from io.Reader) Replay {
	if f, ok := from.(*os.File); ok {
		if text := rest(f); text.Size() > 0 {
			again := func() io.Reader { return &reader{ctx: ctx, r: io.NewSectionReader(text, 0, text.Size())} }
			return Replay{again(), again, func() error { return nil }}
		}
	}
	k := &keeper{}
	return Replay{io.TeeReader(Until(ctx, from), k), k.again, k.rest.Close}
}

// rest is what is left to read of a regular file, up to its present end: another program
// may still be writing to it. It is empty if that is not known, or if the file claims to
// be empty, as some of /proc do.
func rest(f *os.File) *io.SectionReader {
	size, _ := sizeOf(f)
	offset, err := f.Seek(0, io.SeekCurrent)
	if err != nil || offset > size {
		return io.NewSectionReader(f, 0, 0)
	}
	return io.NewSectionReader(f, offset, size-offset)
}

// fewBytes is how much of a text a keeper keeps in memory; the rest goes to a file.
const fewBytes = 4 << 20

// A KeepError says why a text that can be read only once could not be kept.
type KeepError struct{ Err error }

func (e *KeepError) Error() string {
	return "cannot keep what comes through the pipe: " + e.Err.Error()
}

func (e *KeepError) Unwrap() error { return e.Err }

// A keeper keeps what is written to it, for again to read.
type keeper struct {
	few  bytes.Buffer
	rest Scratch
	size int64 // of the rest
}

func (k *keeper) Write(p []byte) (int, error) {
	if k.rest.File == nil && k.few.Len()+len(p) <= fewBytes {
		return k.few.Write(p)
	}
	var err error
	if k.rest.File == nil {
		err = k.rest.Create()
	}
	n := 0
	if err == nil {
		n, err = k.rest.Write(p)
	}
	if k.size += int64(n); err != nil {
		err = &KeepError{err}
	}
	return n, err
}

func (k *keeper) again() io.Reader {
	few := bytes.NewReader(k.few.Bytes())
	if k.rest.File == nil {
		return few
	}
	return io.MultiReader(few, io.NewSectionReader(k.rest, 0, k.size))
}
