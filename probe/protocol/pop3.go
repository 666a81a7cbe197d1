// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"strings"

	"exreach/catalog"
)

// askPOP3 speaks as a POP3 client that does not log in (RFC 1939), up to TLS
// where the service starts it in band (RFC 2595). A server that greets with
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
		t.farewell("QUIT")
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
	bye, err := t.lastWord("QUIT")
	switch refused := p.Facts[FactCapabilities]; {
	case refused == "" || p.leftSaying(refused, err):
	case bye != "" && opens([]byte(bye), "-ERR"):
		muteMail(&p, refused) // not even goodbye is taken
	}
	return p, nil
}

// talkPOP3 learns what the server offers, before and after TLS. It returns what
// is offered in the end.
func talkPOP3(t *talk, q Question, p *Peer) ([]string, error) {
	q.At(Talk)
	offered, err := capaPOP3(t, p)
	if err != nil || p.Refusal != "" || q.Service.TLS != catalog.StartTLS {
		return offered, err
	}
	// A server that does not know CAPA may start TLS all the same.
	known := p.Facts[FactCapabilities] == ""
	if known && !offers(offered, "STLS") {
		p.fact(FactStartTLS, notOffered)
		return offered, nil
	}
	if err := t.send("STLS"); err != nil {
		return nil, err
	}
	status, ok, err := statusPOP3(t)
	switch {
	case err != nil:
		return nil, err
	case !ok && known:
		p.fact(FactStartTLS, status)
		return offered, nil
	case !ok:
		p.fact(FactStartTLS, notOffered)
		return offered, nil
	}
	if err := t.clientTLS(q); err != nil {
		return nil, err
	}
	delete(p.Facts, FactCapabilities)
	return capaPOP3(t, p)
}

// capaPOP3 asks for the capabilities (RFC 2449). Exchange up to 2000 does not
// know the command, which tells nothing bad about it. It returns what is offered
// this time.
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
	var lines []string
	for {
		line, err := t.readLine(nil)
		if err != nil {
			return nil, err
		}
		if line == "." {
			p.Capabilities = merge(p.Capabilities, lines)
			return lines, nil
		}
		lines = append(lines, strings.TrimPrefix(line, "."))
	}
}

// statusPOP3 reads a line that says +OK or -ERR, and reports which.
func statusPOP3(t *talk) (string, bool, error) {
	line, err := t.readLine(func(head []byte) bool { return opens(head, "+OK", "-ERR") })
	return line, strings.HasPrefix(line, "+"), err
}

// pop3Greetings is how each version greets; "" stands for 2010 and all later
// ones (Rapid7 recog patterns; 5.0 by analogy with 5.5).
var pop3Greetings = map[string]string{
	"5.0":     "+OK Microsoft Exchange POP3 server version 5.0.1460.10 ready",
	"5.5":     "+OK Microsoft Exchange POP3 server version 5.5.2654.50 ready",
	"2000":    "+OK Microsoft Exchange 2000 POP3 server version 6.0.6603.0 (HOST) ready.",
	"2003":    "+OK Microsoft Exchange Server 2003 POP3 server version 6.5.6944.0 (HOST) ready.",
	"2007":    "+OK Microsoft Exchange Server 2007 POP3 service ready",
	"davmail": "+OK DavMail 6.2.2 POP ready at DATE",
	"":        "+OK The Microsoft Exchange POP3 service is ready.",
}

// answerPOP3 greets as Exchange of s.Version does, and lets log in whom s knows.
func answerPOP3(conn net.Conn, s Stand) error {
	login := &desk{accounts: s.Accounts, challenge: "+ "}
	return newTalk(conn, "POP3").serve(s, pop3Greetings, func(command string, secured bool) ([]string, next) {
		if login.next != nil {
			return login.next(command), goOn
		}
		word, rest := verb(command)
		switch {
		case word == "CAPA" && knowsCAPA(s):
			return capaOffer(s, secured), goOn
		case word == "QUIT":
			return []string{"+OK Microsoft Exchange POP3 server signing off."}, hangUp
		case word == "STLS" && offersTLS(s, secured):
			return []string{"+OK Begin TLS negotiation."}, startTLS
		case word == "AUTH" && secured:
			lines := login.begin(rest, "+OK User successfully logged on.", "-ERR Logon failure: unknown user name or bad password.")
			if lines != nil {
				return lines, goOn
			}
		case word == "NOOP": // needs a login (RFC 1939 section 5)
			return []string{"-ERR Command is not valid in this state."}, goOn
		}
		return []string{"-ERR Protocol error. 14"}, goOn
	})
}

func knowsCAPA(s Stand) bool {
	return s.Version != "5.0" && s.Version != "5.5" && s.Version != "2000"
}

// capaOffer is the reply to CAPA. A login with a password is offered only where
// TLS protects it, as Exchange is installed.
func capaOffer(s Stand, secured bool) []string {
	lines := []string{"+OK", "TOP", "UIDL"}
	if secured {
		lines = append(lines, "SASL PLAIN", "USER")
	}
	if offersTLS(s, secured) {
		lines = append(lines, "STLS")
	}
	return append(lines, ".")
}
