// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"strings"
)

// usualSMTP is the greeting of 2007 and later.
const usualSMTP = "220 HOST Microsoft ESMTP MAIL Service ready at DATE"

// answerSMTP greets and introduces itself as Exchange of s.Version does, and
// takes no mail.
func answerSMTP(conn net.Conn, s Stand) error {
	s.Host = nameSMTP(s)
	client, _, _ := net.SplitHostPort(conn.RemoteAddr().String())
	hello := s.Host + " Hello [" + client + "]"
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

// ehloSMTP is the reply to EHLO. 4.0 and 5.0 speak RFC 821 and know none.
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
