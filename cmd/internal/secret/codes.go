// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"bytes"
	"context"

	"exreach/cmd/internal/contact"
)

// codeVariable is the variable with the code of a listener.
const codeVariable = "EXREACH_CODE"

var codes = kind{name: "code file", option: "code-file", lines: "one code a line: CODE, or HOST CODE", most: 1 << 20}

// Codes returns the codes of listeners that the user gives: those of a file, if one is named,
// and the one in the environment, if it is set.
func Codes(ctx context.Context, file string, named bool, env func(string) string) (contact.Codes, error) {
	var all contact.Codes
	if named {
		text, err := codes.read(ctx, file)
		if err == nil {
			all, err = readCodes(file, text)
		}
		if err != nil {
			return all, err
		}
	}
	text := env(codeVariable)
	if text == "" {
		return all, nil
	}
	code, err := contact.ParseCode(text)
	if err != nil {
		return all, hinted("set it to the code that the listener shows, or unset it", "%s: %w", codeVariable, err)
	}
	all.Add("", code)
	return all, nil
}

// readCodes reads the text of a file of codes.
func readCodes(file string, text []byte) (contact.Codes, error) {
	all, err := contact.ReadCodes("code file "+file, bytes.NewReader(text))
	if err != nil {
		return all, hinted("the file has "+codes.lines, "%w", err)
	}
	if all.IsEmpty() {
		return all, hinted("write the code that the listener shows into it", "%s %s: it has no code", codes.name, file)
	}
	return all, nil
}

// OwnCode reads the code that a listener is to have, from a file with one code.
func OwnCode(ctx context.Context, file string) (contact.Code, error) {
	text, err := codes.read(ctx, file)
	if err != nil {
		return contact.Code{}, err
	}
	code, err := contact.ParseCode(string(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))))
	if err != nil {
		return code, hinted("the file has one code, alone; to make one: "+makeCode, "%s %s: %w", codes.name, file, err)
	}
	return code, nil
}

// makeCode makes a file with a code at random: 10 bytes are 16 letters.
const makeCode = "(umask 077; head -c 10 /dev/urandom | base32 > code.txt)"
