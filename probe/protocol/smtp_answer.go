// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
	"strings"
)

// usualSMTP is the greeting of 2007 and later.
const usualSMTP = "220 HOST Microsoft ESMTP MAIL Service ready at DATE"

// answerSMTP greets and introduces itself as Exchange of s.Version does, and
// takes no mail.
func answerSMTP(conn net.Conn, s Stand) error {
	s.Host = nameSMTP(s)
	client, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	hello := s.Host + " Hello [" + client + "]" + markBehind
	login := &desk{accounts: s.Accounts, challenge: "334 "}
	return newTalk(conn, "SMTP").serve(s, greeting(s, "smtp", usualSMTP), func(command string, secured bool) ([]string, next) {
		if login.next != nil {
			return login.next(command), goOn
		}
		word, rest := verb(command)
		switch word {
		case "HELO":
			return []string{"250 " + hello}, goOn
		case "EHLO":
			if s.Version == "davmail" {
				return ehloSMTP(s, rest, secured), goOn // the client's own name
			}
			return ehloSMTP(s, hello, secured), goOn
		case "MAIL": // a server that has mail for the host to come tries again later
			return []string{"451 4.3.2 Service not available, this is " + Mark}, goOn
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

// nameSMTP is the name by which a server introduces itself. The hosts of Exchange
// Online have names of their own behind the name that clients know
// (https://github.com/ietf-tools/datatracker/pull/5888,
// https://github.com/simonrob/email-oauth2-proxy/issues/95).
func nameSMTP(s Stand) string {
	switch {
	case s.Version != "online":
		return s.Host
	case s.Service.Role == "mail-exchanger":
		return "SN1NAM02FT0049.mail.protection.outlook.com"
	}
	return "AM3PR05CA0094.outlook.office365.com"
}

// ehloSMTP returns the reply to EHLO, which 4.0 and 5.0 do not know: they speak RFC 821.
func ehloSMTP(s Stand, hello string, secured bool) []string {
	if s.Version == "4.0" || s.Version == "5.0" {
		return []string{unknownSMTP}
	}
	lines := append([]string{hello}, offerSMTP(s).lines(offersTLS(s, secured), secured)...)
	for i := range lines {
		lines[i] = "250-" + lines[i]
	}
	lines[len(lines)-1] = strings.Replace(lines[len(lines)-1], "-", " ", 1)
	return lines
}

// A smtpOffer is what some versions list in the reply to EHLO, in this order: first,
// then plain without TLS or secured with it, then last.
type smtpOffer struct {
	versions []string // nil is any other
	role     string   // "" is any other
	port     uint16   // 0 is any other
	first    string   // this and the next three: lines, with commas between them
	plain    string
	secured  string
	last     string
}

// What most lists have in common.
const (
	smtpSize   = "SIZE 37748736, PIPELINING, DSN, ENHANCEDSTATUSCODES"
	smtpSize10 = "SIZE 10485760, PIPELINING, DSN, ENHANCEDSTATUSCODES" // 2007 and 2010
	smtpMIME   = "8BITMIME, BINARYMIME, CHUNKING"

	smtpAnonymous = "STARTTLS, X-ANONYMOUSTLS, AUTH NTLM" // between servers
	smtpClients   = "STARTTLS, AUTH GSSAPI NTLM"          // submission
	smtpEXPS      = "X-EXPS GSSAPI NTLM, " + smtpMIME

	smtpTransport = smtpEXPS + ", XEXCH50, XRDST, XSHADOWREQUEST" // the service behind 2013's front end

	smtpOfWindows = "X-EXPS GSSAPI NTLM LOGIN, X-EXPS=LOGIN, AUTH GSSAPI NTLM LOGIN, AUTH=LOGIN, X-LINK2STATE, XEXCH50, OK"
	smtpOfOnline  = "SIZE 157286400, PIPELINING, DSN, ENHANCEDSTATUSCODES"
)

// smtpOffers are lists as servers sent them; the first that fits counts.
//
//   - 5.5: Rapid7 recog and nmap.
//   - 2000: a transcript with ATRN. 2003: one without it, of 2011, which
//     nmap-service-probes has beside InterScan, too. The place of STARTTLS in
//     both is from memory.
//   - 2007: a log of Thunderbird that ends in XEXCH50; nmap's pattern agrees.
//   - 2010: a log of git send-email and a packet trace of 2016.
//   - 2013: Microsoft's "Test SMTP communication by using Telnet"; its transport
//     service: Microsoft's article on "412 4.3.2 Service not active".
//   - LOGIN under TLS on 25: a transcript of 2017, before SMTPUTF8.
//   - later: a scan of 2024 with SMTPUTF8 before XRDST. Submission is by analogy.
//   - online: https://github.com/ietf-tools/datatracker/pull/5888 and
//     https://github.com/simonrob/email-oauth2-proxy/issues/95.
//   - DavMail: https://github.com/mguessan/davmail/issues/185.
var smtpOffers = []smtpOffer{
	{versions: []string{"5.5"}, first: "XEXCH50, HELP, ETRN, DSN, SIZE 0, AUTH LOGIN, AUTH=LOGIN"},
	{versions: []string{"2000"},
		first: "TURN, ATRN, SIZE, ETRN, PIPELINING, DSN, ENHANCEDSTATUSCODES, 8bitmime, BINARYMIME, CHUNKING, VRFY",
		plain: "STARTTLS", last: smtpOfWindows},
	{versions: []string{"2003"},
		first: "TURN, SIZE, ETRN, PIPELINING, DSN, ENHANCEDSTATUSCODES, 8bitmime, BINARYMIME, CHUNKING, VRFY",
		plain: "STARTTLS", last: smtpOfWindows},
	{versions: []string{"davmail"}, first: "AUTH LOGIN PLAIN, 8BITMIME, Hello"},
	{versions: []string{"online"}, role: "mail-exchanger",
		first: smtpOfOnline, plain: "STARTTLS", last: smtpMIME + ", SMTPUTF8"},
	{versions: []string{"online"},
		first: smtpOfOnline, plain: "STARTTLS", secured: "AUTH LOGIN XOAUTH2", last: smtpMIME + ", SMTPUTF8"},
	{versions: []string{"2007", "2010"}, port: 587,
		first: smtpSize10, plain: smtpClients, secured: "AUTH GSSAPI NTLM LOGIN", last: smtpMIME},
	{versions: []string{"2007"},
		first: smtpSize10, plain: smtpAnonymous, secured: "AUTH NTLM LOGIN", last: smtpEXPS + ", XEXCH50"},
	{versions: []string{"2010"},
		first: smtpSize10, plain: smtpAnonymous, secured: "AUTH NTLM LOGIN", last: smtpEXPS + ", XEXCH50, XRDST, XSHADOW"},
	{versions: []string{"2013"}, port: 587,
		first: smtpSize, plain: smtpClients, secured: "AUTH GSSAPI NTLM LOGIN", last: smtpMIME},
	{versions: []string{"2013"}, role: "mailbox", port: 25,
		first: smtpSize, plain: smtpAnonymous, secured: "AUTH NTLM LOGIN", last: smtpTransport},
	{versions: []string{"2013"}, role: "mailbox", port: 2525,
		first: smtpSize, plain: smtpAnonymous, secured: "AUTH NTLM LOGIN", last: smtpTransport},
	{versions: []string{"2013"},
		first: smtpSize, plain: smtpAnonymous, secured: "AUTH NTLM LOGIN", last: smtpEXPS + ", XRDST"},
	{port: 587,
		first: smtpSize, plain: smtpClients, secured: "AUTH GSSAPI NTLM LOGIN", last: smtpMIME + ", SMTPUTF8"},
	{first: smtpSize, plain: smtpAnonymous, secured: "AUTH NTLM LOGIN", last: smtpEXPS + ", SMTPUTF8, XRDST"},
}

// offerSMTP returns the offer of s. The last of smtpOffers fits any server.
func offerSMTP(s Stand) smtpOffer {
	i := slices.IndexFunc(smtpOffers, func(o smtpOffer) bool {
		return (o.versions == nil || slices.Contains(o.versions, s.Version)) &&
			(o.role == "" || o.role == s.Service.Role) && (o.port == 0 || o.port == s.Service.Ports.First)
	})
	return smtpOffers[i]
}

// lines returns the lines of an offer, with STARTTLS only where that is possible.
func (o smtpOffer) lines(possible, secured bool) []string {
	middle := o.plain
	if secured {
		middle = o.secured
	}
	var lines []string
	for _, part := range []string{o.first, middle, o.last} {
		lines = append(lines, listed(part)...)
	}
	return slices.DeleteFunc(lines, func(line string) bool { return line == "STARTTLS" && !possible })
}

// listed splits a list with commas.
func listed(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ", ")
}
