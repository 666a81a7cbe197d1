// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
	"strings"

	"exreach/catalog"
)

// askPOP3 speaks as a POP3 client (RFC 1939). It starts TLS where the service does so
// in band (RFC 2595), and logs in only with credentials. A server that greets with
// -ERR has spoken POP3: that is a Refusal and no error.
func askPOP3(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	t := newTalk(conn, "POP3")
	q.At(Greet)
	greeting, ok, err := statusPOP3(t)
	if err != nil {
		return p, err
	}
	p.Greeting = greeting
	if !ok {
		p.turnAway(greeting, reasonOf(greeting))
		_, _ = t.farewell("QUIT")
		return p, nil
	}
	offered, err := talkPOP3(t, q, &p)
	if err != nil {
		if p.leftSaying(p.Facts[FactCapabilities], err) {
			return p, nil
		}
		return p, err
	}
	if p.Refusal == "" {
		loginPOP3(t, q, &p, offered)
	}
	bye, err := t.farewell("QUIT")
	switch refused := p.Facts[FactCapabilities]; {
	case refused == "" || p.leftSaying(refused, err):
	case bye != "" && opens([]byte(bye), "-ERR"):
		muteMail(&p, refused) // it refuses even QUIT
	}
	return p, nil
}

// talkPOP3 learns what the server offers, before and after TLS. It returns what
// the server offers in the end.
func talkPOP3(t *talk, q Question, p *Peer) ([]string, error) {
	q.At(Talk)
	offered, err := capaPOP3(t, p)
	if err != nil || p.Refusal != "" || q.Service.TLS != catalog.StartTLS {
		return offered, err
	}
	// A server that does not know CAPA may start TLS all the same.
	told := p.Facts[FactCapabilities] == ""
	if told && !offers(offered, "STLS") {
		p.fact(FactStartTLS, NotOffered)
		return offered, nil
	}
	if err := t.send("STLS"); err != nil {
		return nil, err
	}
	status, ok, err := statusPOP3(t)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		p.fact(FactStartTLS, either(told, status, NotOffered))
		return offered, nil
	}
	if err := t.clientTLS(q); err != nil {
		return nil, err
	}
	delete(p.Facts, FactCapabilities)
	return capaPOP3(t, p)
}

// capaPOP3 asks for the capabilities (RFC 2449) and returns what the server offers this
// time. Exchange up to 2000 does not know the command, so a refusal says nothing
// bad about a server.
func capaPOP3(t *talk, p *Peer) ([]string, error) {
	if err := t.send("CAPA"); err != nil {
		return nil, err
	}
	status, ok, err := statusPOP3(t)
	switch {
	case err != nil:
		return nil, err
	case !ok && mute(status):
		muteMail(p, status)
		return nil, nil
	case !ok:
		p.fact(FactCapabilities, status)
		return nil, nil
	}
	lines, err := t.dotted()
	if err != nil {
		return nil, err
	}
	p.Capabilities = merge(p.Capabilities, lines)
	return lines, nil
}

// statusPOP3 reads a line that says +OK or -ERR, and reports which.
func statusPOP3(t *talk) (string, bool, error) {
	line, err := t.readLine(func(head []byte) bool { return opens(head, "+OK", "-ERR") })
	return line, strings.HasPrefix(line, "+"), err
}

// usualPOP3 is the greeting of 2010 and later.
const usualPOP3 = "+OK The Microsoft Exchange POP3 service is ready."

// pop3Offers is what CAPA lists; "" stands for 2010 and all later ones. Those up to
// 2000 do not know the command.
//
//   - 2003: https://github.com/jstedfast/MailKit/issues/391.
//   - 2007 and online: https://github.com/simonrob/email-oauth2-proxy/issues/109,
//     which has PLAIN beside XOAUTH2 still.
//   - later: https://github.com/jstedfast/MailKit/issues/119.
//   - DavMail: https://github.com/mguessan/davmail/issues/185.
var pop3Offers = map[string]mailOffer{
	"5.0":     {},
	"5.5":     {},
	"2000":    {},
	"2003":    {plain: "TOP, USER, PIPELINING, EXPIRE NEVER, UIDL, SASL NTLM"},
	"2007":    {"TOP, UIDL, STLS", "TOP, UIDL, SASL PLAIN, USER"},
	"online":  {"TOP, UIDL, STLS", "TOP, UIDL, SASL XOAUTH2"},
	"davmail": {plain: "TOP, USER, UIDL"},
	"":        {"TOP, UIDL, STLS", "TOP, UIDL, SASL GSSAPI PLAIN, USER"},
}

// answerPOP3 greets as Exchange of s.Version does, and lets s.Accounts log in.
func answerPOP3(conn net.Conn, s Stand) error {
	login := &desk{accounts: s.Accounts, challenge: "+ "}
	return newTalk(conn, "POP3").serve(s, greeting(s, "pop3", usualPOP3), func(command string, secured bool) ([]string, next) {
		if login.next != nil {
			return login.next(command), goOn
		}
		word, rest := verb(command)
		switch {
		case word == "CAPA":
			if lines := capaOffer(s, secured); lines != nil {
				return lines, goOn
			}
		case word == "QUIT":
			return []string{"+OK Microsoft Exchange POP3 server signing off."}, hangUp
		case word == "STLS" && offersTLS(s, secured):
			return []string{"+OK Begin TLS negotiation."}, startTLS
		case word == "AUTH" && secured:
			lines := login.begin(rest, "+OK User successfully logged on.", "-ERR Logon failure: unknown user name or bad password.")
			if lines != nil {
				return lines, goOn
			}
		case word == "NOOP", s.Version == "2003": // needs a login (RFC 1939 section 5)
			return []string{"-ERR Command is not valid in this state."}, goOn
		}
		return []string{"-ERR Protocol error. 14" + markBehind}, goOn
	})
}

// capaOffer returns the reply to CAPA, or nil where s does not know the command. It
// leaves out STLS where the client cannot start TLS.
func capaOffer(s Stand, secured bool) []string {
	lines := listed(offered(s, pop3Offers, secured))
	if lines == nil {
		return nil
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "STLS" && !offersTLS(s, secured) })
	status := "+OK"
	if s.Version == "2003" {
		status = "+OK Capability list follows"
	}
	return slices.Concat([]string{status}, lines, []string{"IMPLEMENTATION " + Mark, "."})
}
