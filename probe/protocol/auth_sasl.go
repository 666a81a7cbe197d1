// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/Azure/go-ntlmssp"
)

// A saslMechanism is a client's side of a login (RFC 4422 section 3): begin returns a
// function that answers the challenges of one login, in their order.
type saslMechanism struct {
	name  string
	hello int // messages that we send before the first that depends on the credentials
	begin func(Credentials) func(challenge []byte) ([]byte, error)
}

// saslMechanisms are the mechanisms that we know, the preferred first: NTLM answers a
// challenge, so it does not give the password away. We use all of them under TLS only.
var saslMechanisms = []saslMechanism{
	{"NTLM", 1, beginNTLM},
	{"PLAIN", 0, func(c Credentials) func([]byte) ([]byte, error) {
		return inTurn([]byte(saslPlain(c)))
	}},
	// LOGIN was never more than a draft. The prompts vary, their order does not.
	{"LOGIN", 0, func(c Credentials) func([]byte) ([]byte, error) {
		return inTurn([]byte(c.Name()), []byte(c.Password.Reveal()))
	}},
}

// saslPlain is the only message of PLAIN (RFC 4616 section 2).
func saslPlain(c Credentials) string { return "\x00" + c.Name() + "\x00" + c.Password.Reveal() }

// errNoMore is the error of a login in which the server sends one challenge too many.
var errNoMore = errors.New("the server asks for more than the method has")

// errTooEarly is the refusal of a server that would accept any login.
var errTooEarly = notPossible("the server accepted the login before it was sent any credentials")

// inTurn answers each challenge, whatever it says, with the next of messages.
func inTurn(messages ...[]byte) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) {
		if len(messages) == 0 {
			return nil, errNoMore
		}
		first := messages[0]
		messages = messages[1:]
		return first, nil
	}
}

// beginNTLM begins a login by challenge and response (MS-NLMP section 1.3.1.1), which
// neither signs nor seals what follows. The first call ignores its challenge.
func beginNTLM(c Credentials) func([]byte) ([]byte, error) {
	begun := false
	return func(challenge []byte) ([]byte, error) {
		if !begun {
			begun = true
			return ntlmssp.NewNegotiateMessage("", "")
		}
		return ntlmssp.NewAuthenticateMessage(challenge, c.Name(), c.Password.Reveal(), nil)
	}
}

// A saslLine sends one line of a login. It returns the server's challenge, or done where
// the server accepted the login. What stands for the line in errors: it may be secret.
type saslLine func(what, line string) (challenge string, done bool, err error)

// run sends command and then answers the server's challenges in lines of Base64. What a
// server refuses before we sent the credentials is not about them.
func (m saslMechanism) run(command string, c Credentials, send saslLine) error {
	respond := m.begin(c)
	what, line := command, command
	for given := -m.hello; ; given++ {
		challenge, done, err := send(what, line)
		switch {
		case err != nil && given <= 0:
			return beforeCredentials(err)
		case err != nil, done && given > 0:
			return err
		case done:
			return errTooEarly
		}
		message, err := base64.StdEncoding.DecodeString(challenge)
		if err == nil {
			message, err = respond(message)
		}
		if err != nil {
			_, _, _ = send("the end of the login", "*") // RFC 4422 section 3.5: the client aborts
			if given > 0 {
				return unclear("%v", err)
			}
			return notPossible("%v", err)
		}
		what, line = "the credentials", base64.StdEncoding.EncodeToString(message)
	}
}

// mechanismsOf returns the mechanisms that we know and the server offers, in our order.
func mechanismsOf(offered []string) []saslMechanism {
	var both []saslMechanism
	for _, m := range saslMechanisms {
		if slices.Contains(offered, m.name) {
			both = append(both, m)
		}
	}
	return both
}

// loginSASL logs in over the lines of a mail protocol, by the first mechanism of ours
// that the server offers. It tries the next one only where the outcome is Undecided: a
// server may offer a mechanism that it does not have. Without TLS that can be trusted it
// sends nothing.
func loginSASL(l login, verb string, offered []string, send saslLine) {
	if err := l.q.Private(); err != nil {
		l.note("", Undecided, "not tried: "+err.Error())
		return
	}
	known := mechanismsOf(offered)
	if len(known) == 0 {
		l.note("", Undecided, "not offered")
	}
	for _, m := range known {
		outcome, goesOn := l.once(strings.ToLower(m.name), func(c Credentials) error { return m.run(verb+" "+m.name, c, send) })
		if outcome != Undecided || !goesOn {
			return
		}
	}
}
