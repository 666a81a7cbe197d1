// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"os"
)

var errInterrupted = errors.New("interrupted")

// openInput opens a file to read. It may be a pipe that nobody writes to, which the
// system waits for: an interrupt ends the waiting, and what waits ends with the
// program.
func openInput(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.Open(name)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.file, o.err
	case <-ctx.Done():
		return nil, errInterrupted
	}
}

// heeding is r, whose reads end with ctx, also where they may take for ever.
func heeding(ctx context.Context, r io.Reader) io.Reader {
	if isRegular(r) {
		return &steadyReader{ctx, r}
	}
	return &heedingReader{ctx, r}
}

// A steadyReader reads a file, which never makes anybody wait.
type steadyReader struct {
	ctx context.Context
	r   io.Reader
}

func (s *steadyReader) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, errInterrupted
	}
	return s.r.Read(p)
}

type heedingReader struct {
	ctx context.Context
	r   io.Reader
}

func (h *heedingReader) Read(p []byte) (int, error) {
	type got struct {
		data []byte
		err  error
	}
	if h.ctx.Err() != nil {
		return 0, errInterrupted
	}
	done := make(chan got, 1)
	go func() {
		data := make([]byte, len(p)) // p is the caller's again after an interrupt
		n, err := h.r.Read(data)
		done <- got{data[:n], err}
	}()
	select {
	case g := <-done:
		return copy(p, g.data), g.err
	case <-h.ctx.Done():
		return 0, errInterrupted
	}
}
