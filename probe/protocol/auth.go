// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Credentials are what a user gave to log in with.
type Credentials struct {
	User     string // alice, or alice@contoso.com
	Domain   string // CONTOSO, where the user is given as CONTOSO\alice
	Password Secret
}

// A Secret is a text that nothing prints: fmt at any depth and with any verb,
// log/slog and encoding/json find an address or nothing. A string would show in
// a field that is not exported, whatever methods it had.
type Secret struct{ text *string }

// NewSecret makes a secret of text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal is the text.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// NewCredentials takes the user as DOMAIN\name, as name@domain or as a name
// alone. Its errors repeat nothing of what was given.
func NewCredentials(user, password string) (*Credentials, error) {
	domain, name, split := strings.Cut(user, `\`)
	if !split {
		domain, name = "", user
	}
	switch {
	case user == "":
		return nil, errors.New("the user is missing")
	case name == "" || split && domain == "" || strings.Contains(name, `\`):
		return nil, errors.New(`the user is not DOMAIN\name, name@domain or a name`)
	case password == "":
		// LDAP takes a name without a password for nobody, and says yes (RFC 4513
		// section 5.1.2).
		return nil, errors.New("the password is missing")
	case strings.ContainsAny(user+password, "\x00\r\n"):
		return nil, errors.New("there is a line break or a zero byte in it")
	}
	return &Credentials{User: name, Domain: domain, Password: NewSecret(password)}, nil
}

// Name is the user as Windows writes it: CONTOSO\alice, or alice@contoso.com.
func (c Credentials) Name() string {
	if c.Domain == "" {
		return c.User
	}
	return c.Domain + `\` + c.User
}

// hidden stands where a password would.
const hidden = "[password]"

// Hide takes the password out of text, in every shape in which a peer may say
// back what it was told. Nil hides nothing.
func (c *Credentials) Hide(text string) string {
	if c == nil {
		return text
	}
	for _, shape := range c.shapes() {
		text = strings.ReplaceAll(text, shape, hidden)
	}
	return text
}

// HideCut is Hide for an excerpt, which may end in the middle of a password.
func (c *Credentials) HideCut(text string) string {
	if c == nil {
		return text
	}
	text = c.Hide(text)
	for _, shape := range c.shapes() {
		for n := len(shape) - 1; n >= leastShape; n-- {
			if before, cut := strings.CutSuffix(text, shape[:n]); cut {
				return before + hidden
			}
		}
	}
	return text
}

// leastShape is the length from which a part of a password is known for one.
const leastShape = 4

// shapes are the ways in which the password is written, the longest first.
func (c *Credentials) shapes() []string {
	password := c.Password.Reveal()
	wide := utf16LE(password)
	quoted, ascii := strconv.Quote(password), strconv.QuoteToASCII(password)
	all := []string{
		password, wide, quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1],
		base64.StdEncoding.EncodeToString([]byte(password)), base64.StdEncoding.EncodeToString([]byte(saslPlain(*c))),
	}
	for _, raw := range []string{password, wide} {
		for before := range 3 {
			all = append(all, base64Core(raw, before))
		}
	}
	all = slices.DeleteFunc(all, func(shape string) bool {
		return shape == "" || len(shape) < leastShape && shape != password
	})
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return slices.Compact(all)
}

// base64Core is the part of a Base64 text that raw alone decides, where raw
// stands that many bytes behind a group's beginning.
func base64Core(raw string, before int) string {
	text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + raw))
	first, last := (before*8+5)/6, (before+len(raw))*8/6
	return text[first:max(first, last)]
}

// utf16LE is a text as Windows stores it.
func utf16LE(text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

// Hide takes the password out of all that a peer said.
func (p *Peer) Hide(c *Credentials) {
	p.Greeting, p.Refusal = c.Hide(p.Greeting), c.Hide(p.Refusal)
	for i, line := range p.Capabilities {
		p.Capabilities[i] = c.Hide(line)
	}
	for name, value := range p.Facts {
		p.Facts[name] = c.Hide(value)
	}
	if p.Web != nil {
		p.Web.hide(c)
	}
}
