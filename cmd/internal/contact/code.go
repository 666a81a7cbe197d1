// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Code proves to each end of a contact that the other one is meant. It has 80 bits,
// which people see as 16 letters. Printing a Code in any way does not show it; Show does.
// The zero Code fits nothing.
type Code struct {
	bits func() [codeBytes]byte // a function, because fmt prints the fields of structs that hold a Code, and what pointers lead to
}

// Sizes of a code.
const (
	codeBytes   = 10
	codeLetters = 16
	codeGroup   = 4
)

// NewCode makes a code at random.
func NewCode() Code {
	var bits [codeBytes]byte
	_, _ = rand.Read(bits[:]) // never fails
	return codeOf(bits)
}

func codeOf(bits [codeBytes]byte) Code { return Code{func() [codeBytes]byte { return bits }} }

// likely puts right what people misread, and leaves out what they add: base32 (RFC 4648
// section 6) has no 0, 1 and 8.
var likely = strings.NewReplacer("0", "O", "1", "I", "8", "B", "-", "", " ", "", "\t", "", "\u00a0", "", "\u2013", "", "\u2014", "")

// ParseCode reads a code as a person types it: in any case, with or without dashes and
// blanks. Its error does not repeat the text, which may be nearly right.
func ParseCode(text string) (Code, error) {
	letters := likely.Replace(strings.ToUpper(strings.TrimSpace(text)))
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(letters)
	switch {
	case err != nil:
		return Code{}, fmt.Errorf("the code has a character that no code has: %s", looks)
	case len(letters) != codeLetters || len(raw) != codeBytes: // which a line break would make differ
		return Code{}, fmt.Errorf("the code has %d letters: %s", len(letters), looks)
	}
	return codeOf([codeBytes]byte(raw)), nil
}

// looks says what a code looks like.
const looks = "a code has 16, of A to Z and 2 to 7, such as ABCD-EFGH-IJKL-MNOP"

// IsZero reports whether c is no code.
func (c Code) IsZero() bool { return c.bits == nil }

// Equal reports whether both are the same code.
func (c Code) Equal(d Code) bool {
	if c.IsZero() || d.IsZero() {
		return c.IsZero() == d.IsZero()
	}
	mine, other := c.bits(), d.bits()
	return subtle.ConstantTimeCompare(mine[:], other[:]) == 1
}

// Show returns the code as people see it: "ABCD-EFGH-IJKL-MNOP".
func (c Code) Show() string {
	if c.IsZero() {
		return ""
	}
	bits := c.bits()
	letters := base32.StdEncoding.EncodeToString(bits[:])
	var groups []string
	for at := 0; at < codeLetters; at += codeGroup {
		groups = append(groups, letters[at:at+codeGroup])
	}
	return strings.Join(groups, "-")
}

// hidden is what a code looks like wherever it is printed.
const hidden = "code"

// Format prints no code, whatever the verb.
func (c Code) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String hides the code.
func (c Code) String() string { return hidden }

// LogValue hides the code.
func (c Code) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the code.
func (c Code) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// key returns the key of the proofs. c must be a code.
func (c Code) key() ([]byte, error) {
	bits := c.bits()
	return hkdf.Key(sha256.New, bits[:], nil, "exreach contact 1", sha256.Size)
}
