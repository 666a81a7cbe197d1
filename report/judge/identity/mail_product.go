// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// mailProtocols are those whose servers name themselves in a greeting.
var mailProtocols = []string{"smtp", "pop3", "imap"}

func (a Answer) IsMail() bool { return slices.Contains(mailProtocols, a.protocol) }

// mailProduct returns the product that the answer names, and the line that names it: the
// mail server, or a filter in front that passes the server's words on. greeted is whether
// the greeting is Exchange's own: then the greeting must have more lines than Exchange gives.
func (a Answer) mailProduct(greeted bool) (catalog.Product, string, bool) {
	if !a.IsMail() || greeted && len(a.peer.GreetingRest) == 0 {
		return catalog.Product{}, "", false
	}
	for _, p := range catalog.Products() {
		if p.Greeting != "" {
			if line, named := a.greets(p.Greeting); named {
				return p, line, true
			}
		}
		if p.Offers != "" {
			if i := slices.IndexFunc(a.peer.Capabilities, func(line string) bool { return matches(line, p.Offers) }); i >= 0 {
				return p, a.peer.Capabilities[i], true
			}
		}
	}
	return catalog.Product{}, "", false
}

// exchangeKeywords are Exchange's own: no relay or filter offers them by itself.
var exchangeKeywords = []string{"X-ANONYMOUSTLS", "X-EXPS", "XRDST", "XEXCH50", "XSHADOW", "XSHADOWREQUEST", "X-LINK2STATE"}

// foreignLogins are logins that Exchange never had.
var foreignLogins = []string{"CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}

// imapWords and popWords are all the keywords that Exchange was ever seen to offer. Logins
// stand behind AUTH= and SASL.
var (
	imapWords = strings.Fields("IMAP4 IMAP4REV1 IDLE LITERAL+ LOGIN-REFERRALS MAILBOX-REFERRALS NAMESPACE UIDPLUS CHILDREN LOGINDISABLED STARTTLS " +
		"SASL-IR MOVE ID UNSELECT XPROXY3 CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE AUTH=PLAIN AUTH=NTLM AUTH=GSSAPI AUTH=XOAUTH2 AUTH=LOGIN")
	popWords  = strings.Fields("TOP UIDL STLS USER SASL PIPELINING EXPIRE")
	popLogins = strings.Fields("SASL PLAIN NTLM GSSAPI XOAUTH2 LOGIN")
)

// OffersAsExchange reports whether the capabilities show Exchange, whatever the greeting
// says: administrators may change the greeting.
func (a Answer) OffersAsExchange() bool {
	switch a.protocol {
	case "smtp":
		return !a.offersForeignLogin() && (slices.ContainsFunc(exchangeKeywords, a.offers) || a.introducesItself())
	case "imap":
		return a.opensWith("IMAP4", "IMAP4REV1") && a.offers("IDLE") && a.offers("NAMESPACE") && a.offers("LITERAL+") && a.within(imapWords) && !a.namesAnother()
	case "pop3":
		modern := a.opensWith("TOP", "UIDL") && (a.offers("SASL") || a.offers("STLS")) // 2007 and later
		known := modern || a.opensWith("TOP", "USER", "PIPELINING", "EXPIRE", "UIDL")  // 2003
		return known && !a.namesAnother() && a.within(popWords) && !slices.ContainsFunc(a.peer.Capabilities, func(line string) bool {
			return Keyword(line) == "SASL" && len(without(strings.Fields(strings.ToUpper(line)), popLogins)) > 0
		})
	}
	return false
}

// namesAnother reports whether the server calls itself another product, and not one that
// may stand in front of Exchange and pass on what it says.
func (a Answer) namesAnother() bool {
	p, _, known := a.mailProduct(false)
	return known && !p.Before
}

// IsBareWindows reports whether the SMTP service of Windows answers without what Exchange
// 2000 and 2003 add to it. It is false if the service's own TURN or ETRN is missing: then a
// filter may have removed Exchange's extensions, too.
func (a Answer) IsBareWindows() bool {
	return a.protocol == "smtp" && len(a.peer.GreetingRest) == 0 && a.WindowsSMTP() != "" &&
		a.offers("TURN") && a.offers("ETRN") && !slices.ContainsFunc(exchangeKeywords, a.offers) && a.MaskedKeyword() == ""
}

func (a Answer) offersForeignLogin() bool {
	return slices.ContainsFunc(foreignLogins, func(login string) bool { return a.offers("AUTH "+login) || a.offers("AUTH="+login) })
}

// introducesItself reports whether an SMTP server says hello as Exchange does from 2007 on,
// and offers what Exchange's ports for users offer. The SMTP service of Windows says the
// same, but writes 8bitmime in small letters.
func (a Answer) introducesItself() bool {
	hello := strings.Contains(a.peer.Facts[protocol.FactIntroduction], " Hello [")
	return hello && a.offers("BINARYMIME") && a.offers("CHUNKING") && slices.Contains(a.peer.Capabilities, "8BITMIME")
}

// opensWith reports whether the first capabilities have these keywords, in this order.
func (a Answer) opensWith(words ...string) bool {
	if len(a.peer.Capabilities) < len(words) {
		return false
	}
	for i, word := range words {
		if Keyword(a.peer.Capabilities[i]) != word {
			return false
		}
	}
	return true
}

// within reports whether the capabilities have no other keywords than these.
func (a Answer) within(words []string) bool {
	return !slices.ContainsFunc(a.peer.Capabilities, func(line string) bool { return !slices.Contains(words, Keyword(line)) })
}
