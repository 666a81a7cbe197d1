// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"exreach/cmd/internal/files"
	"exreach/probe/protocol"
)

// fromEnvironment is the value of --credentials that means the two variables, not a file.
const (
	fromEnvironment = "env"
	userVariable    = "EXREACH_USER"
	secretVariable  = "EXREACH_PASSWORD"
)

// maxCredentials is how long a file of credentials may be, in bytes.
const maxCredentials = 4 << 10

// credentialsFlag chooses what to log in with. There is no flag for the password
// itself: everyone on the machine can read a command line.
func credentialsFlag() cli.Flag {
	return &cli.StringFlag{Name: "credentials", TakesFile: true, Usage: "also log in, with the credentials in `FILE`, or from the environment (" + fromEnvironment + ")"}
}

// credentialsOf returns what to log in with; nil without --credentials.
func credentialsOf(ctx context.Context, c *cli.Context, env func(string) string) (*protocol.Credentials, error) {
	if !c.IsSet("credentials") {
		return nil, nil
	}
	file := c.String("credentials")
	if file != fromEnvironment {
		return readCredentials(ctx, file)
	}
	found, err := protocol.NewCredentials(env(userVariable), env(secretVariable))
	if err != nil {
		return nil, hinted("set both variables for this command", "%s and %s: %w", userVariable, secretVariable, err)
	}
	return found, nil
}

// readCredentials reads a file. Its errors say which line is wrong, but never repeat any
// text of the file.
func readCredentials(ctx context.Context, file string) (*protocol.Credentials, error) {
	f, err := files.Open(ctx, file)
	if errors.Is(err, fs.ErrNotExist) || file == "" {
		// Do not repeat the word: it may be the password itself.
		return nil, hinted("name a file with the lines user: DOMAIN\\name and password: TEXT", "option --credentials: there is no such file")
	}
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	defer f.Close()
	if err := requirePrivate(f, file); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(files.Until(ctx, f), maxCredentials+1))
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	user, password, err := parseCredentials(text)
	if err != nil {
		return nil, hinted("the file has the lines user: DOMAIN\\name and password: TEXT", "credentials %s: %w", file, err)
	}
	found, err := protocol.NewCredentials(user, password)
	if err != nil {
		return nil, fmt.Errorf("credentials %s: %w", file, err)
	}
	return found, nil
}

// requirePrivate makes sure that no other user can read or change a file. It accepts any
// file on Windows, which has no such bits and owners, and a pipe, which stores nothing.
func requirePrivate(f *os.File, file string) error {
	info, err := f.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("credentials: %w", err)
	case info.IsDir():
		return fmt.Errorf("credentials %s: it is a folder", file)
	case runtime.GOOS == "windows" || !info.Mode().IsRegular():
		return nil
	case info.Mode().Perm()&0o077 != 0:
		return hinted("chmod 600 "+file, "credentials %s: others can read or change it (mode %04o)", file, info.Mode().Perm())
	}
	if owner, ok := files.OwnerOf(info); ok && owner.User != os.Geteuid() && owner.User != 0 {
		return hinted("make a file of your own", "credentials %s: it belongs to another user (number %d), who can change it", file, owner.User)
	}
	return requirePrivateFolder(file)
}

// requirePrivateFolder makes sure that no other user can replace the file. The sticky bit
// of a folder prevents that, as in /tmp. The user's own group may write to the folder.
func requirePrivateFolder(file string) error {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	folder := filepath.Dir(real)
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	owner, ok := files.OwnerOf(info)
	if ok && owner.User != os.Geteuid() && owner.User != 0 {
		return hinted("move the file to a folder of your own",
			"credentials %s: the folder %s belongs to another user (number %d), who can put another file in its place", file, folder, owner.User)
	}
	writable := info.Mode().Perm() & 0o002
	if ok && owner.Group != os.Getegid() {
		writable |= info.Mode().Perm() & 0o020
	}
	if writable != 0 && info.Mode()&fs.ModeSticky == 0 {
		return hinted("chmod go-w "+folder+", or move the file to a folder of your own",
			"credentials %s: others can put another file in its place (mode %04o of the folder %s)", file, info.Mode().Perm(), folder)
	}
	return nil
}

// parseCredentials reads lines of a name, a colon and a value. A value is the rest of
// its line, unchanged, after the blanks that follow the colon: a password may contain
// characters that mean something in YAML, or end in a blank, and trying a wrong one may
// lock the account.
func parseCredentials(file []byte) (user, password string, err error) {
	if len(file) > maxCredentials {
		return "", "", errors.New("it is too long")
	}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))) { // Notepad's mark
		number++
		text := strings.TrimLeft(strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), " \t")
		if strings.TrimSpace(text) == "" || text[0] == '#' {
			continue
		}
		name, value, _ := strings.Cut(text, ":")
		value = strings.TrimLeft(value, " \t")
		if name == "user" {
			value = strings.TrimRight(value, " \t")
		}
		into := map[string]*string{"user": &user, "password": &password}[name]
		switch {
		case !utf8.Valid(line) || bytes.ContainsRune(line, 0):
			return "", "", fmt.Errorf("line %d: it is not text in UTF-8", number)
		case into == nil:
			return "", "", fmt.Errorf("line %d: it is neither a user: line nor a password: line", number)
		case *into != "":
			return "", "", fmt.Errorf("line %d: a second %s", number, name)
		case value == "":
			return "", "", fmt.Errorf("line %d: the %s is missing", number, name)
		case isQuoted(strings.TrimSpace(value)):
			return "", "", fmt.Errorf("line %d: the %s must stand there without quotes", number, name)
		}
		*into = value
	}
	return user, password, nil
}

// isQuoted reports whether value stands in quotes, which YAML would take off.
func isQuoted(value string) bool {
	last := len(value) - 1
	return last > 0 && value[0] == value[last] && strings.ContainsRune(`"'`, rune(value[0]))
}
