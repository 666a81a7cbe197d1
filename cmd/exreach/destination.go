// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A destination takes the report: stdout, or a file that appears whole or not
// at all.
type destination struct {
	io.Writer
	path      string   // of the file; "" for stdout
	file      *os.File // what is written to; nil for stdout, and once the file is closed
	temporary bool     // file has a name of its own until commit
}

// openDestination makes sure that the report can be written before anything is
// asked for it.
func openDestination(path string, stdout io.Writer) (*destination, error) {
	if path == "" {
		return &destination{Writer: stdout}, nil
	}
	// A link stays a link: the file that it leads to is replaced.
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode := fs.FileMode(0o666)
	before, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, cannotWrite(path, err)
	case before.IsDir():
		return nil, cannotWrite(path, errors.New("it is a folder"))
	case !before.Mode().IsRegular(): // a device or a pipe cannot be replaced
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, cannotWrite(path, err)
		}
		return &destination{Writer: f, path: path, file: f}, nil
	default:
		mode = before.Mode().Perm()
	}
	f, err := os.OpenFile(path+"."+rand.Text()[:8]+".tmp", os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, cannotWrite(path, err)
	}
	return &destination{Writer: f, path: path, file: f, temporary: true}, nil
}

// commit ends the writing and gives the file its name.
func (d *destination) commit() error {
	if d.file == nil {
		return nil
	}
	written := d.file.Name()
	err := d.file.Close()
	d.file = nil
	if d.temporary && err == nil {
		err = os.Rename(written, d.path)
	}
	if err != nil {
		if d.temporary {
			os.Remove(written)
		}
		return cannotWrite(d.path, err)
	}
	return nil
}

// discard leaves no trace of a file that was not committed.
func (d *destination) discard() {
	if d.file == nil {
		return
	}
	d.file.Close()
	if d.temporary {
		os.Remove(d.file.Name())
	}
}

// failed says where err, an error of writing, came about.
func (d *destination) failed(err error) error {
	if d.path == "" {
		return cannotWrite("stdout", err)
	}
	return cannotWrite(d.path, err)
}

// cannotWrite leaves out the path that the system's own error repeats.
func cannotWrite(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("cannot write the report to %s: %w", path, err)
}
