// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// nntpPosting says whether a client may post, by the code of the greeting (RFC 3977
// section 5.1.1).
var nntpPosting = map[string]string{"200": "allowed", "201": "prohibited"}

// askNNTP speaks as a news reader that reads nothing (RFC 3977), up to TLS where
// the service starts it in band (RFC 4642). A server that greets with 400 or 502
// has spoken NNTP: that is a Refusal and no error.
func askNNTP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	t := newTalk(conn, "NNTP")
	q.At(Greet)
	greeting, code, err := statusNNTP(t)
	if err != nil {
		return p, err
	}
	p.Greeting = greeting
	switch code {
	case "200", "201":
		p.Facts = map[string]string{FactPosting: nntpPosting[code]}
		q.At(Talk)
		if err := talkNNTP(t, q, &p); err != nil {
			if p.leftSaying(p.Facts[FactCapabilities], err) {
				return p, nil
			}
			return p, err
		}
	case "400", "502":
		p.turnAway(greeting, nntpReason(code, greeting))
	default:
		return p, t.foreign([]byte(greeting))
	}
	if _, err := t.farewell("QUIT"); p.Facts[FactCapabilities] != "" {
		p.leftSaying(p.Facts[FactCapabilities], err)
	}
	return p, nil
}

// nntpReason is why a server turns us away. 400 turns away every client for now; 502 is
// for clients that the server does not let in (RFC 3977 section 3.2.1).
func nntpReason(code, text string) wire.Reason {
	switch why := reasonOf(text); {
	case why != "":
		return why
	case code == "400":
		return wire.Unavailable
	}
	return wire.OurAddress
}

// talkNNTP learns what the server offers, before and after TLS.
func talkNNTP(t *talk, q Question, p *Peer) error {
	if err := capabilitiesNNTP(t, p); err != nil || p.Refusal != "" || q.Service.TLS != catalog.StartTLS {
		return err
	}
	// A server that does not know CAPABILITIES may start TLS all the same.
	told := p.Facts[FactCapabilities] == ""
	if told && !offers(p.Capabilities, "STARTTLS") {
		p.fact(FactStartTLS, NotOffered)
		return nil
	}
	if err := t.send("STARTTLS"); err != nil {
		return err
	}
	status, code, err := statusNNTP(t)
	switch {
	case err != nil:
		return err
	case code != "382":
		p.fact(FactStartTLS, either(told, status, NotOffered))
		return nil
	}
	if err := t.clientTLS(q); err != nil {
		return err
	}
	return capabilitiesNNTP(t, p)
}

// capabilitiesNNTP asks for the capabilities. No news server of Exchange knows the
// command, so a server that refuses it is none the worse.
func capabilitiesNNTP(t *talk, p *Peer) error {
	if err := t.send("CAPABILITIES"); err != nil {
		return err
	}
	status, code, err := statusNNTP(t)
	switch {
	case err != nil:
		return err
	case code == "400":
		p.turnAway(status, nntpReason(code, status))
		return nil
	case code > "400":
		p.fact(FactCapabilities, status)
		return nil
	case code != "101":
		return t.foreign([]byte(status))
	}
	lines, err := t.dotted()
	if err == nil {
		p.Capabilities = merge(p.Capabilities, lines)
	}
	return err
}

// statusNNTP reads a line that begins with a code, and returns both.
func statusNNTP(t *talk) (line, code string, err error) {
	line, err = t.readLine(func(head []byte) bool { return opensWithCode(head, '1', " \r\n") })
	if err != nil {
		return "", "", err
	}
	return line, line[:3], nil
}

// usualNNTP is a greeting as RFC 3977 has it, for versions after 2003: none of them
// serves news.
const usualNNTP = "200 HOST NNTP service ready, posting allowed"

// answerNNTP greets as Exchange of s.Version does, and has no news.
func answerNNTP(conn net.Conn, s Stand) error {
	old := s.Releases.Greeting(s.Version, "nntp") != ""
	return newTalk(conn, "NNTP").serve(s, greeting(s, "nntp", usualNNTP), func(command string, secured bool) ([]string, next) {
		word, _ := verb(command)
		switch {
		case word == "QUIT":
			return []string{"205 closing connection - goodbye!"}, hangUp
		case word == "CAPABILITIES" && !old:
			return nntpOffer(s, secured), goOn
		case word == "STARTTLS" && offersTLS(s, secured):
			return []string{"382 Continue with TLS negotiation"}, startTLS
		}
		return []string{"500 Command Not Recognized" + markBehind}, goOn
	})
}

// nntpOffer is the reply to CAPABILITIES.
func nntpOffer(s Stand, secured bool) []string {
	lines := []string{"101 Capability list:" + markBehind, "VERSION 2", "READER", "POST", "LIST ACTIVE NEWSGROUPS"}
	if offersTLS(s, secured) {
		lines = append(lines, "STARTTLS")
	}
	return append(lines, ".")
}
