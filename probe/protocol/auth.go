// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Credentials are what a user gave to log in with. NewCredentials checks and splits it.
type Credentials struct {
	User     string // alice, or alice@contoso.com
	Domain   string // CONTOSO, where the user is given as CONTOSO\alice
	Password Secret
}

// A Secret is a text that nothing prints by mistake: fmt, at any depth and with any
// verb, log/slog and encoding/json find an address or nothing. Fmt would print a plain
// string in a field that is not exported, whatever methods its type had.
type Secret struct{ text *string }

// NewSecret makes a secret of text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text, "" for the zero Secret.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// NewCredentials takes the user as DOMAIN\name, as name@domain or as a name alone. Its
// errors quote neither the user nor the password.
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

// An Outcome is what a login tells about the credentials. By it the ledger of package
// probe decides whether they may be tried again.
type Outcome int

// The outcomes.
const (
	Undecided  Outcome = iota // the server did not look at them
	Accepted                  // they are right
	Denied                    // they are wrong
	Locked                    // the account is locked, disabled or expired, or its password is
	Unanswered                // we gave them, and no clear answer came: as good as denied
)

// A loginRefusal is how a server says no to a login. It keeps only the codes of what the
// server said: a server that is told a password may say it back in any shape.
type loginRefusal struct {
	text    string
	outcome Outcome // never Accepted
}

func (r *loginRefusal) Error() string { return r.text }

// A Login is one method of logging in, and what came of it.
type Login struct {
	Method  string // "ntlm"; or the share that we opened after a login; "" where no method was chosen
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

// Logins are all logins of a conversation, in order.
type Logins []Login

// Accepted reports whether the server accepted a login.
func (all Logins) Accepted() bool {
	return slices.ContainsFunc(all, func(l Login) bool { return l.Outcome == Accepted })
}

// Refused returns the first login that the server refused, if it refused one.
func (all Logins) Refused() (Login, bool) {
	i := slices.IndexFunc(all, Login.isRefused)
	if i < 0 {
		return Login{}, false
	}
	return all[i], true
}

// String is the fact "auth": "simple: accepted; ntlm: not offered". It is for people:
// words of the server may be in it, so code must not parse it.
func (all Logins) String() string {
	var said []string
	for _, l := range all {
		said = append(said, l.String())
	}
	return strings.Join(said, "; ")
}

// A login makes the attempts of one conversation to log in, and notes them in peer.
type login struct {
	q    Question // its Credentials are not nil
	peer *Peer
}

// note appends a Login to the peer's, and renews the fact "auth".
func (l login) note(method string, o Outcome, said string) {
	l.peer.Logins = append(l.peer.Logins, Login{method, o, said})
	l.peer.fact(FactAuth, l.peer.Logins.String())
}

// once makes the one attempt of a method, if the run still allows one. If it does not,
// the outcome is Denied. GoesOn says whether the conversation can go on. A login that
// fails is no failure of the service, which has answered by then.
func (l login) once(method string, exchange func(Credentials) error) (outcome Outcome, goesOn bool) {
	end, err := l.q.Turn()
	if err != nil {
		l.note(method, Undecided, "not tried: "+err.Error())
		return Denied, true
	}
	outcome = Unanswered // also if exchange panics
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

// notPossible makes the error of a login that ended before the server looked at the
// credentials. Its outcome is Undecided.
func notPossible(format string, a ...any) error {
	return &loginRefusal{text: fmt.Sprintf(format, a...)}
}

// unclear makes the error of a login in which the server got the credentials and said
// neither yes nor no. The server may have counted a failure.
func unclear(format string, a ...any) error {
	return &loginRefusal{text: fmt.Sprintf(format, a...), outcome: Unanswered}
}

// beforeCredentials makes a refusal Undecided: it came before we sent the credentials.
func beforeCredentials(err error) error {
	if refusal, ok := errors.AsType[*loginRefusal](err); ok {
		return notPossible("%s", refusal.text)
	}
	return err
}

// A desk is a server's side of a login in lines of Base64. The stand-ins for SMTP, POP3
// and IMAP4 use it.
type desk struct {
	accounts  []Credentials
	challenge string // what stands before a challenge: "334 "
	next      func(line string) []string
	// next answers the client's next line in a login; nil where no login is under way.
}

// lets reports whether an account has this name and password.
func lets(accounts []Credentials, name, password string) bool {
	return slices.ContainsFunc(accounts, func(c Credentials) bool {
		return strings.EqualFold(c.Name(), name) && c.Password.Reveal() == password
	})
}

// begin starts a login by a mechanism and returns the lines to send, nil if it offers no
// such mechanism. Yes and no are the replies that end the login.
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

// ask returns the line of a challenge, and leaves the client's answer to then.
func (d *desk) ask(prompt string, then func(said string) []string) []string {
	d.next = func(line string) []string {
		said, _ := base64.StdEncoding.DecodeString(line)
		return then(string(said))
	}
	return []string{d.challenge + base64.StdEncoding.EncodeToString([]byte(prompt))}
}
