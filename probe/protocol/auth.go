// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"strings"
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
