// SPDX-License-Identifier: Apache-2.0

// Package secret reads what only the user may know: credentials to log in with, and the codes
// of listeners. It takes them from private files and from the environment, never from a
// command line, which everyone on the machine can read. Its errors repeat no text of a file.
package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"exreach/cmd/internal/files"
	"exreach/cmd/internal/survey"
)

// A kind is one of the secrets that a file may hold.
type kind struct {
	name   string // in errors: "credentials"
	option string // that names the file: "credentials"
	lines  string // what stands in the file, for hints
	most   int    // bytes
}

// read returns the text of a file, which no other user may read, change or replace. The end
// of ctx ends the reading.
func (k kind) read(ctx context.Context, file string) ([]byte, error) {
	f, err := files.Open(ctx, file)
	if errors.Is(err, fs.ErrNotExist) || file == "" {
		// Do not repeat the word: it may be the secret itself.
		return nil, hinted("name a file with "+k.lines, "option --%s: there is no such file", k.option)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.name, err)
	}
	defer f.Close()
	if err := k.requirePrivate(f, file); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(files.Until(ctx, f), int64(k.most)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", k.name, err)
	case len(text) > k.most:
		return nil, hinted("the file has "+k.lines, "%s %s: it is too long", k.name, file)
	}
	return text, nil
}

// hinted is an error with a hint for the user.
func hinted(hint, format string, a ...any) error {
	return &survey.Mistake{Err: fmt.Errorf(format, a...), Hint: hint}
}

// requirePrivate makes sure that no other user can read or change a file. It accepts any
// file on Windows, which has no such bits and owners, and a pipe, which stores nothing.
func (k kind) requirePrivate(f *os.File, file string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", k.name, err)
	case info.IsDir():
		return fmt.Errorf("%s %s: it is a folder", k.name, file)
	case runtime.GOOS == "windows" || !info.Mode().IsRegular():
		return nil
	case info.Mode().Perm()&0o077 != 0:
		return hinted("chmod 600 "+file, "%s %s: others can read or change it (mode %04o)", k.name, file, info.Mode().Perm())
	}
	if owner, ok := files.OwnerOf(info); ok && owner.User != os.Geteuid() && owner.User != 0 {
		return hinted("make a file of your own", "%s %s: it belongs to another user (number %d), who can change it", k.name, file, owner.User)
	}
	return k.requirePrivateFolder(file)
}

// requirePrivateFolder makes sure that no other user can replace the file. The sticky bit
// of a folder prevents that, as in /tmp. The user's own group may write to the folder.
func (k kind) requirePrivateFolder(file string) error {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	folder := filepath.Dir(real)
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("%s: %w", k.name, err)
	}
	owner, ok := files.OwnerOf(info)
	if ok && owner.User != os.Geteuid() && owner.User != 0 {
		return hinted("move the file to a folder of your own",
			"%s %s: the folder %s belongs to another user (number %d), who can put another file in its place", k.name, file, folder, owner.User)
	}
	writable := info.Mode().Perm() & 0o002
	if ok && owner.Group != os.Getegid() {
		writable |= info.Mode().Perm() & 0o020
	}
	if writable != 0 && info.Mode()&fs.ModeSticky == 0 {
		return hinted("chmod go-w "+folder+", or move the file to a folder of your own",
			"%s %s: others can put another file in its place (mode %04o of the folder %s)", k.name, file, info.Mode().Perm(), folder)
	}
	return nil
}
