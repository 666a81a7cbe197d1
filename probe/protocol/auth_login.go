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

// A Login is a login that the server accepted or refused.
type Login struct {
	Method  string
	Outcome Outcome
	Said    string // how the server refused
}

// Accepted reports whether the server accepted a login.
func (p Peer) Accepted() bool {
	return slices.ContainsFunc(p.Logins, func(l Login) bool { return l.Outcome == Accepted })
}

// A login is the attempts of one conversation to log in. What came of them is
// its peer's fact "auth": "simple: accepted; ntlm: not offered".
type login struct {
	q    Question
	peer *Peer
}

// say adds to the fact.
func (l login) say(text string) {
	l.peer.fact(FactAuth, strings.TrimPrefix(l.peer.Facts[FactAuth]+"; "+text, "; "))
}

// once makes the one attempt of a method, if the run still allows one; where it
// does not, that counts as denied. It reports whether the conversation can go on. A
// login that fails is no failure of the service, which has answered by then.
func (l login) once(method string, exchange func(Credentials) error) (outcome Outcome, goesOn bool) {
	end, err := l.q.Turn()
	if err != nil {
		l.say(method + ": not tried: " + err.Error())
		return Denied, true
	}
	outcome = Unanswered // also where a panic ends it
	defer func() { end(outcome) }()
	err = exchange(*l.q.Credentials)
	refusal, refused := errors.AsType[*loginRefusal](err)
	switch {
	case err == nil:
		outcome = Accepted
		l.peer.Logins = append(l.peer.Logins, Login{Method: method, Outcome: outcome})
		l.say(method + ": accepted")
		return outcome, true
	case !refused:
		l.say(method + ": failed: " + err.Error())
		return outcome, false
	}
	switch outcome = refusal.outcome; outcome {
	case Denied, Locked:
		l.peer.Logins = append(l.peer.Logins, Login{Method: method, Outcome: outcome, Said: refusal.text})
		l.say(method + ": refused: " + refusal.text)
	default:
		l.say(method + ": not possible: " + refusal.text)
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
