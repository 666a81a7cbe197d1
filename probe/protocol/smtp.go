// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"

	"exreach/catalog"
)

// askSMTP speaks as an SMTP client that has no mail to send (RFC 5321). It starts TLS
// where the service does so in band (RFC 3207), and logs in only with credentials. A
// server that turns us away in proper replies has spoken SMTP: that is a Refusal and no
// error. If the server hangs up on our name, askSMTP connects again to give our address.
func askSMTP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	err := converseSMTP(conn, q, &p)
	if q.Redial == nil || !leftOverName(p, err) {
		return p, err
	}
	again, failed := q.Redial()
	if failed != nil {
		return p, err
	}
	second := Peer{Facts: map[string]string{FactNameRefused: p.Refusal}}
	if converseSMTP(again, q, &second) != nil || second.Refusal != "" {
		return p, err
	}
	return second, nil
}

// converseSMTP holds one conversation and fills p with what it learns.
func converseSMTP(conn net.Conn, q Question, p *Peer) error {
	t := newTalk(conn, "SMTP")
	if err := greetedSMTP(t, q, p); err != nil {
		return err
	}
	if p.Refusal == "" {
		offered, err := talkSMTP(t, q, p)
		if err != nil {
			return err
		}
		loginSMTP(t, q, p, offered)
	}
	_, _ = t.farewell("QUIT")
	return nil
}

// greetedSMTP reads the greeting. Its code tells SMTP from NNTP (200, 201).
func greetedSMTP(t *talk, q Question, p *Peer) error {
	q.At(Greet)
	greeting, err := readReply(t)
	if err != nil {
		return err
	}
	p.Greeting, p.GreetingRest = greeting.lines[0], append([]string(nil), greeting.lines[1:]...)
	switch {
	case greeting.refuses():
		p.turnAway(greeting.String(), greeting.reason())
	case greeting.code() != "220":
		return t.foreign([]byte(greeting.last()))
	}
	return nil
}

// talkSMTP learns what the server offers, before and after TLS. It returns what
// the server offers in the end.
func talkSMTP(t *talk, q Question, p *Peer) ([]string, error) {
	q.At(Talk)
	offered, err := helloSMTP(t, q, p)
	if err != nil || p.Refusal != "" || q.Service.TLS != catalog.StartTLS {
		return offered, err
	}
	if !offers(p.Capabilities, "STARTTLS") {
		p.fact(FactStartTLS, NotOffered)
		return offered, nil
	}
	reply, err := commandSMTP(t, "STARTTLS")
	for err == nil && reply.code() == "250" { // a late part of the answer to EHLO
		reply, err = readReply(t)
	}
	if err != nil {
		return nil, err
	}
	switch reply.code() {
	case "220":
	case "421": // it hangs up
		p.turnAway(reply.String(), reply.reason())
		return nil, nil
	default:
		p.fact(FactStartTLS, reply.String())
		return offered, nil
	}
	if err := t.clientTLS(q); err != nil {
		return nil, err
	}
	// What was learned before TLS must be asked again (RFC 3207 section 4.2).
	return helloSMTP(t, q, p)
}
