// SPDX-License-Identifier: Apache-2.0

// Package files opens, reads and writes the files that a user names: an interrupt ends its
// reads and, where that is wanted, its writes, a report appears whole or not at all, and
// temporary files leave nothing behind. It does not know what the files contain, and may
// import nothing of exreach.
package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime/debug"
)

// ErrInterrupted is the error of Open, Create and Unless, of reads through Until, and of writes
// through Onto, once the context ends. If a deadline ended it, the error is the context's cause.
var ErrInterrupted = errors.New("interrupted")

// Open opens a file to read, for the caller to close. Opening a pipe waits until another
// program writes to it; the end of ctx ends the wait. A folder is no file.
func Open(ctx context.Context, name string) (*os.File, error) {
	f, err := await(ctx, func() (*os.File, error) { return os.Open(name) })
	if err == nil {
		if is, unknown := f.Stat(); unknown == nil && is.IsDir() {
			f.Close()
			err = errors.New("it is a folder")
		}
	}
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: shown(name), Err: err}
	}
	return f, nil
}

// shown returns a path as errors name it: a long one without its middle.
func shown(path string) string {
	const part = 100 // at the beginning, and at the end
	r := []rune(path)
	switch {
	case path == "":
		return `""`
	case len(r) <= 2*part:
		return path
	}
	return string(r[:part]) + "..." + string(r[len(r)-part:])
}

// Unless returns what f returns, or ErrInterrupted when ctx ends first. Then f may go on in
// its goroutine until the program ends: its reads and writes should fail by then.
func Unless(ctx context.Context, f func() error) error {
	_, err := await(ctx, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// ended is the error of what the end of ctx kept from being done.
func ended(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	return ErrInterrupted
}

// await returns what f returns, or the error of ended when ctx ends first. Then f may go on
// in its goroutine until the program ends.
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
		return v, ended(ctx)
	}
}

// Until returns a reader of r whose reads fail once ctx ends, even if a read of r itself
// never returns.
func Until(ctx context.Context, r io.Reader) io.Reader {
	return &reader{ctx: ctx, r: r, waits: !IsRegular(r)}
}

type reader struct {
	ctx   context.Context
	r     io.Reader
	waits bool // a read may take for ever
}

func (w *reader) Read(p []byte) (int, error) {
	switch {
	case w.ctx.Err() != nil:
		return 0, ended(w.ctx)
	case !w.waits:
		return w.r.Read(p)
	}
	data, err := await(w.ctx, func() ([]byte, error) {
		data := make([]byte, len(p)) // p is the caller's again after an interrupt
		n, err := w.r.Read(data)
		return data[:n], err
	})
	return copy(p, data), err
}

// Onto returns a writer to w whose writes fail with ErrInterrupted once ctx ends, even if a
// write to w itself never returns, as to a pipe that no program reads.
func Onto(ctx context.Context, w io.Writer) io.Writer { return &writer{ctx, w} }

type writer struct {
	ctx context.Context
	w   io.Writer
}

func (w *writer) Write(p []byte) (int, error) {
	if w.ctx.Err() != nil {
		return 0, ended(w.ctx)
	}
	data := bytes.Clone(p) // p is the caller's again after an interrupt
	return await(w.ctx, func() (int, error) { return w.w.Write(data) })
}

// IsRegular reports whether r is a regular file: all of it is there already.
func IsRegular(r io.Reader) bool {
	_, ok := sizeOf(r)
	return ok
}

// sizeOf is how long a regular file is, in bytes.
func sizeOf(r io.Reader) (int64, bool) {
	f, ok := r.(*os.File)
	if !ok {
		return 0, false
	}
	about, err := f.Stat()
	if err != nil || !about.Mode().IsRegular() {
		return 0, false
	}
	return about.Size(), true
}

// thrift is how far the heap grows beyond what is in use while a long file is kept in
// memory, in per cent (GOGC).
const thrift = 40

// long is the size, in bytes, from which a file is worth setting thrift: changing the pace
// of the garbage collector stops the program for a moment.
const long = 256 << 10

// SaveMemory makes the garbage collector trade time for memory until stop is called, if
// from is long. Call it before keeping from in memory. A pipe counts as long.
func SaveMemory(from io.Reader) (stop func()) {
	if size, ok := sizeOf(from); ok && size < long {
		return func() {}
	}
	before := debug.SetGCPercent(thrift)
	return func() { debug.SetGCPercent(before) }
}
