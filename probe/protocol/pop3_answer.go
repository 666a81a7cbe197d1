// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"slices"
)

// usualPOP3 is the greeting of 2010 and later.
const usualPOP3 = "+OK The Microsoft Exchange POP3 service is ready."

// pop3Offers is what CAPA lists; "" stands for 2010 and all later ones. Up to
// 2000 the command is not known.
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

// answerPOP3 greets as Exchange of s.Version does, and lets log in whom s knows.
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
		return []string{"-ERR Protocol error. 14"}, goOn
	})
}

// capaOffer is the reply to CAPA, nil where the command is not known. Where TLS
// cannot be started it is not listed.
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
	return slices.Concat([]string{status}, lines, []string{"."})
}
