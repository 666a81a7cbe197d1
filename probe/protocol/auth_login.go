// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"errors"
	"fmt"
	"strings"
)

// An Outcome is what a login tells about the credentials. It decides whether
// they may be tried again.
type Outcome int

// The outcomes.
const (
	Undecided  Outcome = iota // nobody looked at them
	Accepted                  // they are right
	Denied                    // they are wrong, or the account is shut
	Unanswered                // given, and then nothing came: as good as denied
)

// A loginRefusal is how a server says no to a login, in its own words.
type loginRefusal struct {
	text   string
	denied bool // because of the credentials, and not of the method
}

func (r *loginRefusal) Error() string { return r.text }

// A login is the attempts of one conversation to log in. What came of them is
// its peer's fact "auth": "simple: accepted; ntlm: not offered".
type login struct {
	q    Question
	peer *Peer
}

// say adds to the fact.
func (l login) say(text string) {
	l.peer.fact("auth", strings.TrimPrefix(l.peer.Facts["auth"]+"; "+text, "; "))
}

// once makes the one attempt of a method, if the run still allows one. It
// reports whether the conversation can go on. A login that fails is no failure
// of the service, which has answered by then.
func (l login) once(method string, exchange func(Credentials) error) bool {
	end, err := l.q.Turn()
	if err != nil {
		l.say(method + ": not tried: " + err.Error())
		return true
	}
	outcome := Unanswered // also where a panic ends it
	defer func() { end(outcome) }()
	err = exchange(*l.q.Credentials)
	refusal, refused := errors.AsType[*loginRefusal](err)
	switch {
	case err == nil:
		outcome = Accepted
		l.say(method + ": accepted")
	case !refused:
		l.say(method + ": failed: " + err.Error())
		return false
	case refusal.denied:
		outcome = Denied
		l.say(method + ": refused: " + refusal.text)
	default:
		outcome = Undecided
		l.say(method + ": not possible: " + refusal.text)
	}
	return true
}

func notPossible(format string, a ...any) error {
	return &loginRefusal{text: fmt.Sprintf(format, a...)}
}
