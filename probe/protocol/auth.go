// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
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
		// LDAP takes a name without a password for an anonymous bind, and says yes (RFC 4513
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

// An Outcome is what a login tells about the credentials. It decides whether
// they may be tried again.
type Outcome int

// The outcomes.
const (
	Undecided  Outcome = iota // the server did not look at them
	Accepted                  // they are right
	Denied                    // they are wrong
	Locked                    // the account is locked, disabled or expired, or its password is
	Unanswered                // given, and no clear answer came: as good as denied
)

// A loginRefusal is how a server says no to a login. Of the server's words only
// codes are kept: a server that is told a password may say it back in any shape.
type loginRefusal struct {
	text    string
	outcome Outcome // never Accepted
}

func (r *loginRefusal) Error() string { return r.text }

// A Login is one method of logging in, and what came of it.
type Login struct {
	Method  string // "ntlm"; a share that was opened after it; "" where it did not come to a method
	Outcome Outcome
	Said    string // how the server refused, or why it did not look at the credentials: "not offered"
}

func (l Login) isRefused() bool { return l.Outcome == Denied || l.Outcome == Locked }

// String is the login as the fact "auth" tells it: "simple: accepted".
func (l Login) String() string {
	said := l.Said
	switch {
	case l.Outcome == Accepted:
		said = "accepted"
	case l.isRefused():
		said = "refused: " + said
	}
	return strings.TrimPrefix(l.Method+": "+said, ": ")
}

// Logins is all that was done with the credentials, in order.
type Logins []Login

// Accepted reports whether the server accepted a login.
func (all Logins) Accepted() bool {
	return slices.ContainsFunc(all, func(l Login) bool { return l.Outcome == Accepted })
}

// Refused is the first login that the server refused.
func (all Logins) Refused() (Login, bool) {
	i := slices.IndexFunc(all, Login.isRefused)
	if i < 0 {
		return Login{}, false
	}
	return all[i], true
}

// String is the fact "auth": "simple: accepted; ntlm: not offered". Servers' words
// may be in it, so nothing can be read back from it.
func (all Logins) String() string {
	var said []string
	for _, l := range all {
		said = append(said, l.String())
	}
	return strings.Join(said, "; ")
}

// A login is the attempts of one conversation to log in.
type login struct {
	q    Question
	peer *Peer
}

// note adds to what the peer's logins tell.
func (l login) note(method string, o Outcome, said string) {
	l.peer.Logins = append(l.peer.Logins, Login{method, o, said})
	l.peer.fact(FactAuth, l.peer.Logins.String())
}

// once makes the one attempt of a method, if the run still allows one; where it
// does not, that counts as denied. It reports whether the conversation can go on. A
// login that fails is no failure of the service, which has answered by then.
func (l login) once(method string, exchange func(Credentials) error) (outcome Outcome, goesOn bool) {
	end, err := l.q.Turn()
	if err != nil {
		l.note(method, Undecided, "not tried: "+err.Error())
		return Denied, true
	}
	outcome = Unanswered // also where a panic ends it
	defer func() { end(outcome) }()
	err = exchange(*l.q.Credentials)
	refusal, refused := errors.AsType[*loginRefusal](err)
	switch {
	case err == nil:
		outcome = Accepted
		l.note(method, outcome, "")
		return outcome, true
	case !refused:
		l.note(method, outcome, "failed: "+err.Error())
		return outcome, false
	}
	switch outcome = refusal.outcome; outcome {
	case Denied, Locked:
		l.note(method, outcome, refusal.text)
	default:
		l.note(method, outcome, "not possible: "+refusal.text)
	}
	return outcome, true
}

// notPossible is for a login that ended before the server looked at the credentials.
func notPossible(format string, a ...any) error {
	return &loginRefusal{text: fmt.Sprintf(format, a...)}
}

// unclear is for credentials that were given and had an answer that says neither
// yes nor no. The server may have counted a failure.
func unclear(format string, a ...any) error {
	return &loginRefusal{text: fmt.Sprintf(format, a...), outcome: Unanswered}
}

// beforeCredentials is a refusal of a login that had not come to the credentials.
func beforeCredentials(err error) error {
	if refusal, ok := errors.AsType[*loginRefusal](err); ok {
		return notPossible("%s", refusal.text)
	}
	return err
}

// A desk is a server's side of a login in lines of Base64.
type desk struct {
	accounts  []Credentials
	challenge string // what stands before one
	next      func(line string) []string
	// next answers the line that a login waits for; nil where none does.
}

// lets reports whether a login is accepted.
func lets(accounts []Credentials, name, password string) bool {
	return slices.ContainsFunc(accounts, func(c Credentials) bool {
		return strings.EqualFold(c.Name(), name) && c.Password.Reveal() == password
	})
}

// begin starts a login by a mechanism; nil says that there is none.
func (d *desk) begin(mechanism, yes, no string) []string {
	judge := func(name, password string) []string {
		d.next = nil
		if lets(d.accounts, name, password) {
			return []string{yes}
		}
		return []string{no}
	}
	switch {
	case len(d.accounts) == 0:
		return nil
	case mechanism == "PLAIN":
		return d.ask("", func(said string) []string {
			parts := strings.Split(said, "\x00")
			if len(parts) != 3 {
				return judge("", "")
			}
			return judge(parts[1], parts[2])
		})
	case mechanism == "LOGIN":
		return d.ask("Username:", func(name string) []string {
			return d.ask("Password:", func(password string) []string { return judge(name, password) })
		})
	}
	return nil
}

// ask sends a challenge and leaves its answer to then.
func (d *desk) ask(prompt string, then func(said string) []string) []string {
	d.next = func(line string) []string {
		said, _ := base64.StdEncoding.DecodeString(line)
		return then(string(said))
	}
	return []string{d.challenge + base64.StdEncoding.EncodeToString([]byte(prompt))}
}
