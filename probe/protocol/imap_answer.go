// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"net"
	"strings"
)

// usualIMAP is the greeting of 2010 and later.
const usualIMAP = "* OK The Microsoft Exchange IMAP4 service is ready."

// A mailOffer is what a server of POP3 or IMAP4 offers, without TLS and with it. Exchange
// as installed offers a login with a password only under TLS.
type mailOffer struct{ plain, secured string }

// imapOffers is what CAPABILITY lists; "" stands for 2016 and all later ones.
// Those up to 2003 offer the same with TLS and without.
//
//   - 5.5, 2000, 2003, 2007: Rapid7 recog.
//   - 2010: https://github.com/smiley22/S22.Imap/issues/57 and, without CHILDREN,
//     https://github.com/jstedfast/MailKit/issues/333.
//   - 2013: https://github.com/jstedfast/MailKit/issues/1351.
//   - 2016: https://github.com/jstedfast/MailKit/issues/773.
//   - online: https://github.com/jstedfast/MailKit/issues/2016.
//   - DavMail: https://github.com/mguessan/davmail/issues/185.
var imapOffers = map[string]mailOffer{
	"5.5":  {plain: "IMAP4 IMAP4rev1 IDLE LITERAL+ LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE AUTH=NTLM"},
	"2000": {plain: "IMAP4 IMAP4rev1 IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN AUTH=NTLM"},
	"2003": {plain: "IMAP4 IMAP4rev1 IDLE LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE LITERAL+ UIDPLUS CHILDREN AUTH=NTLM"},
	"2007": {
		"IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS IDLE NAMESPACE LITERAL+",
		"IMAP4 IMAP4rev1 AUTH=NTLM AUTH=GSSAPI AUTH=PLAIN IDLE NAMESPACE LITERAL+",
	},
	"2010": {
		"IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS CHILDREN IDLE NAMESPACE LITERAL+",
		"IMAP4 IMAP4rev1 AUTH=NTLM AUTH=GSSAPI AUTH=PLAIN CHILDREN IDLE NAMESPACE LITERAL+",
	},
	"2013": {
		"IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS UIDPLUS MOVE ID CHILDREN IDLE NAMESPACE LITERAL+",
		"IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI UIDPLUS MOVE ID CHILDREN IDLE NAMESPACE LITERAL+",
	},
	"online": {
		"IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
		"IMAP4 IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
	},
	"davmail": {plain: "IMAP4REV1 AUTH=LOGIN MOVE SPECIAL-USE UIDPLUS"},
	"": {
		"IMAP4 IMAP4rev1 LOGINDISABLED STARTTLS SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
		"IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+",
	},
}

// offered returns what s offers, from a table by version; its entry "" is for versions
// that are not in it.
func offered(s Stand, table map[string]mailOffer, secured bool) string {
	offer, ok := table[s.Version]
	if !ok {
		offer = table[""]
	}
	if secured && offer.secured != "" {
		return offer.secured
	}
	return offer.plain
}

// answerIMAP greets as Exchange of s.Version does. The accounts of s may log in.
func answerIMAP(conn net.Conn, s Stand) error {
	t := newTalk(conn, "IMAP")
	t.line = maxLineIMAP
	login := &desk{accounts: s.Accounts, challenge: "+ "}
	return t.serve(s, greeting(s, "imap", usualIMAP), func(line string, secured bool) ([]string, next) {
		if login.next != nil {
			return login.next(line), goOn
		}
		tag, command, _ := strings.Cut(line, " ")
		word, rest := verb(command)
		switch {
		case tag == "":
			return []string{"* BAD Command Argument Error. 11"}, goOn
		case word == "CAPABILITY":
			return []string{capabilityIMAP(s, secured), tag + " OK CAPABILITY completed." + markBehind}, goOn
		case word == "NOOP":
			return []string{tag + " OK NOOP completed."}, goOn
		case word == "LOGOUT":
			return []string{"* BYE Microsoft Exchange IMAP4 server signing off.", tag + " OK LOGOUT completed."}, hangUp
		case word == "STARTTLS" && offersTLS(s, secured):
			return []string{tag + " OK Begin TLS negotiation now."}, startTLS
		case word == "AUTHENTICATE" && secured:
			lines := login.begin(rest, tag+" OK AUTHENTICATE completed.", tag+" NO AUTHENTICATE failed.")
			if lines != nil {
				return lines, goOn
			}
		}
		return []string{tag + " BAD Command Argument Error. 11"}, goOn
	})
}

// capabilityIMAP lists what s offers: STARTTLS only where the client can start TLS.
func capabilityIMAP(s Stand, secured bool) string {
	line := "* CAPABILITY " + offered(s, imapOffers, secured)
	if !offersTLS(s, secured) {
		line = strings.Replace(line, " LOGINDISABLED STARTTLS", "", 1)
	}
	return line
}
