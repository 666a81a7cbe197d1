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
		p.fact(FactStartTLS, word(known, status, NotOffered))
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
