// SPDX-License-Identifier: Apache-2.0

// Package files opens, reads and writes the files that a user names: reads that an
// interrupt ends, reports that appear whole or not at all, and what is kept aside
// meanwhile. What stands in the files is none of its business.
package files

import (
	"context"
	"errors"
	"io"
	"os"
	"runtime/debug"
)

// ErrInterrupted is why a file was not read to its end.
var ErrInterrupted = errors.New("interrupted")

// Open opens a file to read. It may be a pipe that nobody writes to, which the
// system waits for: an interrupt ends that.
func Open(ctx context.Context, name string) (*os.File, error) {
	return await(ctx, func() (*os.File, error) { return os.Open(name) })
}

// await returns what f returns, or ErrInterrupted when ctx ends first. Then f goes on
// until the program ends.
func await[T any](ctx context.Context, f func() (T, error)) (v T, err error) {
	done := make(chan struct{})
	var got T
	var failed error
	go func() {
		defer close(done)
		got, failed = f()
	}()
	select {
	case <-done:
		return got, failed
	case <-ctx.Done():
		return v, ErrInterrupted
	}
}

// Until is r, whose reads end with ctx, also where they may take for ever.
func Until(ctx context.Context, r io.Reader) io.Reader {
	if IsRegular(r) {
		return &steadyReader{ctx, r}
	}
	return &waitingReader{ctx, r}
}

// A steadyReader reads a file, which never makes anybody wait.
type steadyReader struct {
	ctx context.Context
	r   io.Reader
}

func (s *steadyReader) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, ErrInterrupted
	}
	return s.r.Read(p)
}

type waitingReader struct {
	ctx context.Context
	r   io.Reader
}

func (w *waitingReader) Read(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, ErrInterrupted
	}
	data, err := await(w.ctx, func() ([]byte, error) {
		data := make([]byte, len(p)) // p is the caller's again after an interrupt
		n, err := w.r.Read(data)
		return data[:n], err
	})
	return copy(p, data), err
}

// IsRegular reports whether all of r is there already.
func IsRegular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	about, err := f.Stat()
	return err == nil && about.Mode().IsRegular()
}

// thrift is how far the heap grows beyond what is in use while the whole of a long
// file is kept, in per cent (GOGC): memory is what there is least of then.
const thrift = 40

// long is from which size on a file is worth that, in bytes: the garbage collector
// stops the program for a moment to change its pace.
const long = 256 << 10

// SaveMemory trades time for memory until stop is called, where all of a long file is
// about to be kept. A pipe may be of any length.
func SaveMemory(from io.Reader) (stop func()) {
	if f, ok := from.(*os.File); ok {
		if about, err := f.Stat(); err == nil && about.Mode().IsRegular() && about.Size() < long {
			return func() {}
		}
	}
	before := debug.SetGCPercent(thrift)
	return func() { debug.SetGCPercent(before) }
}
