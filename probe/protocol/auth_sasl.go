// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/Azure/go-ntlmssp"
)

// A saslMechanism answers the challenges of one login, in their order (RFC 4422
// section 3).
type saslMechanism struct {
	name  string
	begin func(Credentials) func(challenge []byte) ([]byte, error)
}

// saslMechanisms are those that are known, the best liked first. All of them are
// used under TLS only.
var saslMechanisms = []saslMechanism{
	{"PLAIN", func(c Credentials) func([]byte) ([]byte, error) {
		return inTurn([]byte(saslPlain(c)))
	}},
	// LOGIN was never more than a draft. The prompts vary, their order does not.
	{"LOGIN", func(c Credentials) func([]byte) ([]byte, error) {
		return inTurn([]byte(c.Name()), []byte(c.Password.Reveal()))
	}},
	{"NTLM", beginNTLM},
}

// saslPlain is the only message of PLAIN (RFC 4616 section 2).
func saslPlain(c Credentials) string { return "\x00" + c.Name() + "\x00" + c.Password.Reveal() }

// errNoMore says that a server goes on asking.
var errNoMore = errors.New("the server asks for more than the method has")

// inTurn answers whatever is asked with one message after the other.
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

// beginNTLM is a login by challenge and response (MS-NLMP section 1.3.1.1). It
// signs and seals nothing.
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

// A saslLine sends a line of a login and returns the challenge that answers it,
// or that the login is done. What names the line for errors: it may be secret.
type saslLine func(what, line string) (challenge string, done bool, err error)

// run holds a login in lines of Base64, which command begins.
func (m saslMechanism) run(command string, c Credentials, send saslLine) error {
	respond := m.begin(c)
	for what, line := command, command; ; what = "the credentials" {
		challenge, done, err := send(what, line)
		if err != nil || done {
			return err
		}
		message, err := base64.StdEncoding.DecodeString(challenge)
		if err == nil {
			message, err = respond(message)
		}
		if err != nil {
			_, _, _ = send("the end of the login", "*") // RFC 4422 section 3.5: the client aborts
			return notPossible("%v", err)
		}
		line = base64.StdEncoding.EncodeToString(message)
	}
}

// mechanismOf is the best liked mechanism that is offered.
func mechanismOf(offered []string) (saslMechanism, bool) {
	for _, m := range saslMechanisms {
		if slices.Contains(offered, m.name) {
			return m, true
		}
	}
	return saslMechanism{}, false
}

// loginSASL logs in over the lines of a mail protocol, by the best liked of the
// mechanisms that are offered. Nothing of it is said without TLS that can be
// trusted.
func loginSASL(l login, verb string, offered []string, send saslLine) {
	if err := l.q.Private(); err != nil {
		l.say("not tried: " + err.Error())
		return
	}
	m, ok := mechanismOf(offered)
	if !ok {
		l.say("not offered")
		return
	}
	l.once(strings.ToLower(m.name), func(c Credentials) error { return m.run(verb+" "+m.name, c, send) })
}
