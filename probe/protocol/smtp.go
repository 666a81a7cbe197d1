// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"strings"

	"exreach/catalog"
)

// askSMTP speaks as an SMTP client that has no mail to send (RFC 5321), up to
// TLS where the service starts it in band (RFC 3207). A server that turns us
// away in proper replies has spoken SMTP: that is a Refusal and no error. One
// that hangs up on our name is told our address in another conversation.
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

// converseSMTP is one conversation.
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
	t.farewell("QUIT")
	return nil
}

// greetedSMTP reads the greeting. Its code tells SMTP from NNTP (200, 201).
func greetedSMTP(t *talk, q Question, p *Peer) error {
	q.At(Greet)
	greeting, err := readReply(t)
	if err != nil {
		return err
	}
	p.Greeting, p.GreetingRest = greeting.lines[0], append(p.GreetingRest, greeting.lines[1:]...)
	switch {
	case greeting.refuses():
		p.turnAway(greeting.String(), greeting.reason())
	case greeting.code() != "220":
		return t.foreign([]byte(greeting.last()))
	}
	return nil
}

// talkSMTP learns what the server offers, before and after TLS. It returns what
// is offered in the end.
func talkSMTP(t *talk, q Question, p *Peer) ([]string, error) {
	q.At(Talk)
	offered, err := helloSMTP(t, q, p)
	if err != nil || p.Refusal != "" || q.Service.TLS != catalog.StartTLS {
		return offered, err
	}
	if !offers(p.Capabilities, "STARTTLS") {
		p.fact(FactStartTLS, notOffered)
		return offered, nil
	}
	reply, err := commandSMTP(t, "STARTTLS")
	for err == nil && reply.code() == "250" { // still of the answer to EHLO
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

// smtpGreetings is how each version greets; "" stands for 2007 and all later
// ones, whose greeting has no version (nmap and Rapid7 recog patterns; 4.0 by
// analogy with 5.0). 2000 and 2003 show the version of Windows' SMTP service.
var smtpGreetings = map[string]string{
	"4.0":     "220 HOST Microsoft Exchange Internet Mail Connector 4.0.993.5 ready",
	"5.0":     "220 HOST Microsoft Exchange Internet Mail Service 5.0.1460.8 ready",
	"5.5":     "220 HOST ESMTP Server (Microsoft Exchange Internet Mail Service 5.5.2653.13) ready",
	"2000":    "220 HOST Microsoft ESMTP MAIL Service, Version: 5.0.2195.6713 ready at DATE",
	"2003":    "220 HOST Microsoft ESMTP MAIL Service, Version: 6.0.3790.3959 ready at DATE",
	"davmail": "220 DavMail 6.2.2 SMTP ready at DATE",
	"":        "220 HOST Microsoft ESMTP MAIL Service ready at DATE",
}

// An smtpOffer is what EHLO lists, STARTTLS apart.
type smtpOffer struct {
	always  []string
	plain   []string // without TLS only
	secured []string // under TLS only
}

// smtpOffers is what each version lists. "587" is the submission port of 2007
// and later, "" their other ports.
var smtpOffers = map[string]smtpOffer{
	"5.5": {always: []string{"XEXCH50", "HELP", "ETRN", "DSN", "SIZE 0", "AUTH LOGIN", "AUTH=LOGIN"}},
	"2000": {always: []string{"TURN", "ATRN", "SIZE", "ETRN", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME",
		"BINARYMIME", "CHUNKING", "VRFY", "X-EXPS GSSAPI NTLM LOGIN", "AUTH GSSAPI NTLM LOGIN", "X-LINK2STATE", "XEXCH50"}},
	"2003": {always: []string{"TURN", "ATRN", "SIZE", "ETRN", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME",
		"BINARYMIME", "CHUNKING", "VRFY", "X-EXPS GSSAPI NTLM LOGIN", "AUTH GSSAPI NTLM LOGIN", "X-LINK2STATE", "XEXCH50"}},
	"2010": {
		always: []string{"SIZE 10485760", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "AUTH NTLM", "X-EXPS GSSAPI NTLM",
			"8BITMIME", "BINARYMIME", "CHUNKING", "XEXCH50", "XRDST", "XSHADOW"},
		plain: []string{"X-ANONYMOUSTLS"},
	},
	"davmail": {always: []string{"AUTH LOGIN PLAIN", "8BITMIME"}},
	"587": {
		always:  []string{"SIZE 37748736", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "8BITMIME", "BINARYMIME", "CHUNKING"},
		plain:   []string{"AUTH GSSAPI NTLM"},
		secured: []string{"AUTH GSSAPI NTLM LOGIN"},
	},
	"": {
		always: []string{"SIZE 37748736", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "AUTH NTLM", "X-EXPS GSSAPI NTLM",
			"8BITMIME", "BINARYMIME", "CHUNKING", "XRDST"},
		plain: []string{"X-ANONYMOUSTLS"},
	},
}

// answerSMTP greets and introduces itself as Exchange of s.Version does, and
// takes no mail.
func answerSMTP(conn net.Conn, s Stand) error {
	client, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	hello := s.Host + " Hello [" + client + "]"
	login := &desk{accounts: s.Accounts, challenge: "334 "}
	return newTalk(conn, "SMTP").serve(s, smtpGreetings, func(command string, secured bool) ([]string, next) {
		if login.next != nil {
			return login.next(command), goOn
		}
		word, rest := verb(command)
		switch word {
		case "HELO":
			return []string{"250 " + hello}, goOn
		case "EHLO":
			return ehloSMTP(s, hello, secured), goOn
		case "NOOP":
			return []string{"250 2.0.0 OK"}, goOn
		case "QUIT":
			return []string{"221 2.0.0 Service closing transmission channel"}, hangUp
		case "STARTTLS":
			if offersTLS(s, secured) {
				return []string{"220 2.0.0 SMTP server ready"}, startTLS
			}
		case "AUTH":
			if !secured {
				break
			}
			if lines := login.begin(rest, "235 2.7.0 Authentication successful", "535 5.7.3 Authentication unsuccessful"); lines != nil {
				return lines, goOn
			}
		}
		return []string{unknownSMTP}, goOn
	})
}

const unknownSMTP = "500 5.3.3 Unrecognized command"

// ehloSMTP is the reply to EHLO. 4.0 and 5.0 speak RFC 821 and know none.
func ehloSMTP(s Stand, hello string, secured bool) []string {
	if s.Version == "4.0" || s.Version == "5.0" {
		return []string{unknownSMTP}
	}
	offer, ok := smtpOffers[s.Version]
	switch {
	case !ok && s.Service.Ports.First == 587:
		offer = smtpOffers["587"]
	case !ok:
		offer = smtpOffers[""]
	}
	lines := append([]string{hello}, offer.always...)
	if secured {
		lines = append(lines, offer.secured...)
	} else {
		lines = append(lines, offer.plain...)
	}
	if offersTLS(s, secured) {
		lines = append(lines, "STARTTLS")
	}
	for i := range lines {
		lines[i] = "250-" + lines[i]
	}
	lines[len(lines)-1] = strings.Replace(lines[len(lines)-1], "-", " ", 1)
	return lines
}
