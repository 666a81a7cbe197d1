// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"net/netip"
	"regexp"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol/wire"
)

// clientName is the name by which we introduce ourselves. The domain cannot exist (RFC
// 2606), and it tells an administrator who reads the server's log that exreach was there.
const clientName = "exreach.invalid"

// helloSMTP says EHLO, or HELO to a server that knows no extensions, and returns what
// the server offers this time. A server that looks our name up does not find it, so
// helloSMTP then gives our address. An FTP server greets with 220 as well and is found
// out here, because it knows neither command.
func helloSMTP(t *talk, q Question, p *Peer) ([]string, error) {
	names := introductions(t.conn, q.clientName(), p)
	word, stranger := "EHLO", false
	refused := "" // how the server refused our name
	for {
		reply, err := commandSMTP(t, word+" "+names[0])
		if err == nil && reply.code() == "220" { // some greet again inside TLS
			reply, err = readReply(t)
		}
		switch {
		case err != nil:
			return nil, err
		case reply.code() == "250":
			p.fact(FactNameRefused, refused)
			return welcomedSMTP(t, q, p, word, reply)
		case word == "HELO" && stranger && reply.unknown():
			p.turnAway("", "")
			return nil, t.mismatch("it speaks in reply codes but knows neither EHLO nor HELO")
		case word == "HELO" && !reply.refuses():
			p.turnAway("", "")
			return nil, t.mismatch(t.waiting + " has code " + reply.code())
		}
		if word == "EHLO" || stranger || reply.code() == "421" {
			p.turnAway(reply.String(), helloReason(reply))
		}
		switch {
		case reply.code() == "421": // it hangs up
			return nil, nil
		case word == "EHLO" && reply.unknown():
			word, stranger = "HELO", true
		case len(names) > 1:
			refused, names = reply.String(), names[1:]
		case word == "EHLO" && reply.code()[0] != '4':
			word = "HELO"
		default:
			return nil, nil
		}
	}
}

// leftOverName reports whether the server refused our name and went away before
// it heard another.
func leftOverName(p Peer, err error) bool {
	return p.Reason == wire.OurName && (err != nil && hungUp(err) || strings.HasPrefix(p.Refusal, "421"))
}

// clientName is our name with the token in it.
func (q Question) clientName() string {
	if q.Token == "" {
		return clientName
	}
	return q.Token + "." + clientName
}

// introductions returns the names to try, in order, of which ours is the first. A host without a name that others
// can look up gives its address (RFC 5321 section 4.1.3). After a server refused our
// name, only the address is left.
func introductions(conn net.Conn, ours string, p *Peer) []string {
	literal := addressLiteral(conn.LocalAddr())
	switch {
	case literal == "":
		return []string{ours}
	case p.Facts[FactNameRefused] != "":
		return []string{literal}
	}
	return []string{ours, literal}
}

// addressLiteral is an address as SMTP writes it in place of a name, "" where
// there is none.
func addressLiteral(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return ""
	}
	switch addr := at.Addr().Unmap().WithZone(""); {
	case addr.Is6():
		return "[IPv6:" + addr.String() + "]"
	default:
		return "[" + addr.String() + "]"
	}
}

// systemTrouble is the enhanced status code of a server that is short of
// something (RFC 3463 section 3.4).
var systemTrouble = regexp.MustCompile(`^[45]\d\d [45]\.3\.`)

// helloReason returns why a server that had greeted us turned us away at EHLO or HELO.
// By then it knows no more of us than our address, which it greeted, and our name: if
// it gives no reason, it is the name.
func helloReason(r smtpReply) wire.Reason {
	text := r.String()
	if nameWords().MatchString(text) {
		return wire.OurName
	}
	if why := r.reason(); why != "" {
		return why
	}
	if systemTrouble.MatchString(text) {
		return wire.Unavailable
	}
	return wire.OurName
}

// welcomedSMTP reads the reply of a server that let us in, and returns what it
// offers.
func welcomedSMTP(t *talk, q Question, p *Peer, word string, reply smtpReply) ([]string, error) {
	p.turnAway("", "")
	if word == "HELO" {
		p.fact(FactHello, "HELO")
		return nil, nil
	}
	reply, err := stragglersSMTP(t, q, reply)
	if err != nil {
		return nil, err
	}
	if reply.broken {
		p.fact(FactMalformed, word)
	}
	texts := reply.texts()
	if strings.Contains(texts[0], " ") { // more than its name
		p.fact(FactIntroduction, texts[0])
	}
	offered := texts[1:]
	p.Capabilities = merge(p.Capabilities, offered)
	return offered, nil
}

// stragglersSMTP reads what follows the last line of a reply to EHLO: some
// servers put no hyphen behind the code, so every line looks like the last one. We
// have asked for nothing else yet, so what comes belongs to this reply. It gives such
// a reply a moment to go on, and also a single line where the server should offer TLS.
func stragglersSMTP(t *talk, q Question, reply smtpReply) (smtpReply, error) {
	for {
		bare := len(reply.lines) == 1 && q.Service.TLS == catalog.StartTLS
		if more, err := t.goesOn("250", reply.broken || bare); !more {
			return reply, err
		}
		next, err := readReply(t)
		if err != nil {
			return reply, err
		}
		reply.lines = append(reply.lines, next.lines...)
		reply.broken = true
	}
}
