// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"exreach/probe/protocol"
)

// Environment is the name of a file of credentials that means the two variables instead.
const Environment = "env"

// The variables with the credentials.
const (
	userVariable     = "EXREACH_USER"
	passwordVariable = "EXREACH_PASSWORD"
)

var credentials = kind{name: "credentials", option: "credentials", lines: `the lines user: DOMAIN\name and password: TEXT`, most: 4 << 10}

// Credentials reads what to log in with from a file, or from env if the file is Environment.
// Its errors say which line is wrong.
func Credentials(ctx context.Context, file string, env func(string) string) (*protocol.Credentials, error) {
	if file == Environment {
		found, err := protocol.NewCredentials(env(userVariable), env(passwordVariable))
		if err != nil {
			return nil, hinted("set both variables for this command", "%s and %s: %w", userVariable, passwordVariable, err)
		}
		return found, nil
	}
	text, err := credentials.read(ctx, file)
	if err != nil {
		return nil, err
	}
	user, password, err := parseCredentials(text)
	if err != nil {
		return nil, hinted("the file has "+credentials.lines, "credentials %s: %w", file, err)
	}
	found, err := protocol.NewCredentials(user, password)
	if err != nil {
		return nil, fmt.Errorf("credentials %s: %w", file, err)
	}
	return found, nil
}

// parseCredentials reads lines of a name, a colon and a value. A value is the rest of
// its line, unchanged, after the blanks that follow the colon: a password may contain
// characters that mean something in YAML, or end in a blank, and trying a wrong one may
// lock the account.
func parseCredentials(file []byte) (user, password string, err error) {
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
