// SPDX-License-Identifier: Apache-2.0

package files

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A Destination takes the report: stdout, or a file that appears whole or not at all. The
// caller writes to it, then calls Commit; a deferred Discard cleans up if it does not.
type Destination struct {
	io.Writer
	path      string   // of the file; "" for stdout
	file      *os.File // to write to; nil for stdout, and after Commit
	temporary bool     // file has a temporary name until Commit
	finished  bool     // file is closed

	temporaries *Temporaries // that know file
	keep        bool         // path belongs to another user and must stay: it is filled, not replaced
}

// Create opens the destination at path; "" is stdout. Commands call it before they ask any
// host: a report that cannot be written fails first. Opening a pipe waits until another
// program reads from it; the end of ctx ends the wait. Until Commit or Discard,
// temporaries has the temporary file.
func Create(ctx context.Context, path string, stdout io.Writer, temporaries *Temporaries) (*Destination, error) {
	if path == "" {
		return &Destination{Writer: stdout}, nil
	}
	before, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replacing(dangling(path), nil, temporaries)
	case err != nil:
		return nil, cannotWrite(path, err)
	case before.IsDir():
		return nil, cannotWrite(path, errors.New("it is a folder"))
	case before.Mode().IsRegular():
		// A link stays a link: the file that it leads to is replaced.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		return replacing(path, before, temporaries)
	}
	// A device or a pipe cannot be replaced.
	if before.Mode()&fs.ModeNamedPipe == 0 {
		ctx = context.WithoutCancel(ctx) // there is no wait to end
	}
	f, err := await(ctx, func() (*os.File, error) { return os.OpenFile(path, os.O_WRONLY, 0) })
	if err != nil {
		return nil, cannotWrite(path, err)
	}
	return &Destination{Writer: f, path: path, file: f}, nil
}

// maxLinks is how many links dangling follows: as many as Linux does (path_resolution(7)).
const maxLinks = 40

// dangling returns the path of the file that the links at path lead to, which does not
// exist yet. The links stay.
func dangling(path string) string {
	for range maxLinks {
		target, err := os.Readlink(path)
		if err != nil {
			break // it is no link
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path
}

// replacing makes a Destination that writes to a temporary file in the folder of path.
// Commit puts that in the place of path. before is the file that is there now, which gives
// it its mode and owner; nil if there is none.
func replacing(path string, before fs.FileInfo, temporaries *Temporaries) (*Destination, error) {
	mode := fs.FileMode(0o666)
	if before != nil {
		mode = 0o600 // until it has its owner
	}
	// The name does not contain that of path, which may be as long as the system allows.
	name := filepath.Join(filepath.Dir(path), "exreach-"+rand.Text()[:8]+".tmp")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return nil, cannotWrite(path, err)
	}
	temporaries.add(f)
	d := &Destination{Writer: f, path: path, file: f, temporary: true, temporaries: temporaries}
	if before == nil {
		return d, nil
	}
	if err := d.resemble(before); err != nil {
		d.Discard()
		return nil, cannotWrite(path, err)
	}
	return d, nil
}

// resemble gives the temporary file the owner and the mode of the one that it replaces.
// If the user may write to the old file, but may not give files away, Commit fills that.
func (d *Destination) resemble(before fs.FileInfo) error {
	whose, ok := OwnerOf(before)
	if mine, err := d.file.Stat(); err != nil {
		return err
	} else if now, _ := OwnerOf(mine); ok && now != whose && d.file.Chown(whose.User, whose.Group) != nil {
		d.keep = true
		f, err := os.OpenFile(d.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return f.Close()
	}
	return d.file.Chmod(before.Mode().Perm())
}

// Finish ends the writing, and has the system say if anything went wrong. Commit does that, too:
// call Finish to know of several destinations before the first of them is committed.
func (d *Destination) Finish() error {
	if d.file == nil || d.finished {
		return nil
	}
	d.finished = true
	if err := d.file.Close(); err != nil {
		return cannotWrite(d.path, err)
	}
	return nil
}

// Rehearse returns an error if Commit could not put the file in its place. Call it after the
// program has given up privileges. It gives the temporary file another name, which takes the
// same rights.
func (d *Destination) Rehearse() error {
	if d.file == nil || !d.temporary {
		return nil
	}
	name := d.file.Name()
	if err := rename(name, name+"~"); err != nil {
		return cannotWrite(d.path, err)
	}
	if err := rename(name+"~", name); err != nil {
		return cannotWrite(d.path, err)
	}
	return nil
}

// Commit ends the writing and puts the file in its place. If that fails, the temporary file
// stays, and the error says where it is. For stdout Commit does nothing.
func (d *Destination) Commit() error {
	if d.file == nil {
		return nil
	}
	if err := d.Finish(); err != nil {
		d.Discard()
		return err
	}
	if !d.temporary {
		d.file = nil
		return nil
	}
	written := d.file.Name()
	err := d.put(written)
	d.temporaries.forget(d.file)
	d.file = nil
	if err == nil {
		return nil
	}
	err = cannotWrite(d.path, err)
	if _, gone := os.Stat(written); gone != nil {
		return err
	}
	return fmt.Errorf("%w; the whole report is in %s", err, written)
}

// put moves the temporary file to its place. If that cannot be replaced, such as a file that
// is mounted into a container, put fills the file that is there.
func (d *Destination) put(written string) error {
	if !d.keep {
		err := rename(written, d.path)
		if err == nil {
			return nil
		}
		if there, unknown := os.Lstat(d.path); unknown != nil || !there.Mode().IsRegular() {
			return err
		}
	}
	d.temporaries.forget(d.file) // if the program ends meanwhile, only this file is whole
	if err := fill(d.path, written); err != nil {
		return err
	}
	os.Remove(written)
	return nil
}

// fill copies the file from into path, which stays the same file.
func fill(path, from string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, source)
	return errors.Join(err, f.Close())
}

// Discard removes a file that was not committed. After Commit it does nothing.
func (d *Destination) Discard() {
	if d.file == nil {
		return
	}
	d.file.Close()
	if d.temporary {
		os.Remove(d.file.Name())
		d.temporaries.forget(d.file)
	}
}

// Failed adds the name of the destination to err, an error of writing to it.
func (d *Destination) Failed(err error) error {
	if d.path == "" {
		return cannotWrite("stdout", err)
	}
	return cannotWrite(d.path, err)
}

// cannotWrite leaves out the paths that the system's own error repeats.
func cannotWrite(path string, err error) error {
	var at *fs.PathError
	var between *os.LinkError
	switch {
	case errors.As(err, &at):
		err = at.Err
	case errors.As(err, &between):
		err = between.Err
	}
	return fmt.Errorf("cannot write the report to %s: %w", shown(path), err)
}
