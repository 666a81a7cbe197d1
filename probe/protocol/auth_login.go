// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An Outcome is what a login tells about the credentials. It decides whether
// they may be tried again.
type Outcome int

// The outcomes.
const (
	Undecided  Outcome = iota // nobody looked at them
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
	Said    string // how the server refused, or why nobody looked at the credentials: "not offered"
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
// may be in it, so that nothing can be read back from it.
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

// notPossible is for a login that ended before anybody looked at the credentials.
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
