// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
	"strings"

	"exreach/catalog"
)

// clientName is how we introduce ourselves. The domain can not exist (RFC 2606),
// and it tells an administrator who reads the server's log what was there.
const clientName = "exreach.invalid"

// askSMTP speaks as an SMTP client that has no mail to send (RFC 5321), up to
// TLS where the service starts it in band (RFC 3207). A server that turns us
// away in proper replies has spoken SMTP: that is a Refusal and no error.
func askSMTP(conn net.Conn, q Question) (Peer, error) {
	var p Peer
	t := newTalk(conn, "SMTP")
	if err := greetedSMTP(t, q, &p); err != nil {
		return p, err
	}
	if p.Refusal == "" {
		offered, err := talkSMTP(t, q, &p)
		if err != nil {
			return p, err
		}
		loginSMTP(t, q, &p, offered)
	}
	t.farewell("QUIT")
	return p, nil
}

// greetedSMTP reads the greeting. Its code tells SMTP from NNTP (200, 201).
func greetedSMTP(t *talk, q Question, p *Peer) error {
	q.At(Greet)
	greeting, err := readReply(t)
	if err != nil {
		return err
	}
	p.Greeting = greeting[0]
	switch {
	case greeting.refuses():
		p.Refusal = greeting.String()
	case greeting.code() != "220":
		return t.foreign([]byte(greeting[len(greeting)-1]))
	}
	return nil
}

// talkSMTP learns what the server offers, before and after TLS. It returns what
// is offered in the end.
func talkSMTP(t *talk, q Question, p *Peer) ([]string, error) {
	q.At(Talk)
	offered, err := helloSMTP(t, p)
	if err != nil || p.Refusal != "" || q.Service.TLS != catalog.StartTLS {
		return offered, err
	}
	if !offers(p.Capabilities, "STARTTLS") {
		p.fact("starttls", notOffered)
		return offered, nil
	}
	reply, err := commandSMTP(t, "STARTTLS")
	if err != nil {
		return nil, err
	}
	switch reply.code() {
	case "220":
	case "421": // it hangs up
		p.Refusal = reply.String()
		return nil, nil
	default:
		p.fact("starttls", reply.String())
		return offered, nil
	}
	if err := t.clientTLS(q); err != nil {
		return nil, err
	}
	// What was learned before TLS must be asked again (RFC 3207 section 4.2).
	return helloSMTP(t, p)
}

// helloSMTP says EHLO, or HELO to a server that knows no extensions. FTP greets
// with 220 as well and is found out here, because it knows neither. It returns
// what is offered this time.
func helloSMTP(t *talk, p *Peer) ([]string, error) {
	ehlo, err := commandSMTP(t, "EHLO "+clientName)
	if err != nil {
		return nil, err
	}
	if ehlo.code() == "250" {
		offered := ehlo.texts()[1:]
		p.Capabilities = merge(p.Capabilities, offered)
		return offered, nil
	}
	if ehlo.code()[0] == '4' {
		p.Refusal = ehlo.String()
		return nil, nil
	}
	helo, err := commandSMTP(t, "HELO "+clientName)
	switch {
	case err != nil:
		return nil, err
	case helo.code() == "250":
		p.fact("hello", "HELO")
		return nil, nil
	case ehlo.unknown() && helo.unknown():
		return nil, t.mismatch("it speaks in reply codes but knows neither EHLO nor HELO")
	case helo.refuses():
		p.Refusal = helo.String()
		return nil, nil
	}
	return nil, t.mismatch(t.waiting + " has code " + helo.code())
}

func commandSMTP(t *talk, command string) (smtpReply, error) {
	if err := t.send(command); err != nil {
		return nil, err
	}
	return readReply(t)
}

// A smtpReply is a whole reply, line by line; it has one line at least, and a
// code begins each (RFC 5321 section 4.2).
type smtpReply []string

// readReply reads to the end of a reply, since a server that is spoken to in the
// middle of one may take us for a spammer's robot.
func readReply(t *talk) (smtpReply, error) {
	var reply smtpReply
	for {
		line, err := t.readLine(fitsSMTP)
		if err != nil {
			return nil, err
		}
		reply = append(reply, line)
		if len(line) == 3 || line[3] == ' ' {
			return reply, nil
		}
	}
}

// fitsSMTP reports whether head, as far as it goes, is a reply code of SMTP and
// what may stand behind it.
func fitsSMTP(head []byte) bool {
	for i, b := range head[:min(len(head), 4)] {
		switch {
		case i == 0 && (b < '2' || b > '5'):
			return false
		case i < 3 && (b < '0' || b > '9'):
			return false
		case i == 3 && !slices.Contains([]byte(" -\r\n"), b):
			return false
		}
	}
	return true
}

// code is that of the last line, which counts where they differ: a server may
// tease robots with "220-" before it turns them away.
func (r smtpReply) code() string { return r[len(r)-1][:3] }

// refuses reports whether the server says no, for now (4yz) or for good (5yz).
func (r smtpReply) refuses() bool { return r.code() >= "400" }

// unknown reports whether the server does not know the command. FTP says 530 to
// anything before a login.
func (r smtpReply) unknown() bool {
	return slices.Contains([]string{"500", "502", "530"}, r.code())
}

// texts are the lines without their codes.
func (r smtpReply) texts() []string {
	var texts []string
	for _, line := range r {
		texts = append(texts, strings.TrimSpace(line[min(4, len(line)):]))
	}
	return texts
}

// String is the reply on one line.
func (r smtpReply) String() string {
	return strings.TrimSpace(r.code() + " " + strings.Join(r.texts(), " "))
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
