// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"

	"exreach/catalog"
	"exreach/report/judge/identity"
)

// ofExchange reports whether the check expects Exchange, Exchange Online or DavMail.
func (s seen) ofExchange() bool {
	return s.exchange() || s.isOf(catalog.ExchangeOnline) || s.isOf(catalog.DavMail)
}

// strange: the greeting is not one that Exchange makes, and nobody masked it.
func strange(s seen) bool {
	if s.Peer == nil || !s.answer.IsMail() || !s.speaks(s.Check.Service.Protocol) || !s.ofExchange() || iisSMTP(s) || maskedBanner(s) || shieldBanner(s) {
		return false
	}
	return !slices.ContainsFunc(s.signs(), identity.Sign.IsGreeting)
}

func changedBanner(s seen) bool {
	return s.speaks("smtp") && strange(s) && s.answer.OffersAsExchange() && !filtered(s)
}

func sayChangedBanner(s seen) (text, hint string) {
	return fmt.Sprintf("The greeting is not Exchange's own, but the extensions are: an administrator has changed its text.%s", s.quote()),
		"Nothing to do. Get-ReceiveConnector shows the text as Banner."
}

// filtered: a filter or proxy in front of an Exchange server answers, and passes on what
// that says.
func filtered(s seen) bool {
	if s.Peer == nil || !s.answer.IsMail() || !s.speaks(s.Check.Service.Protocol) || !s.ofExchange() {
		return false
	}
	signs := s.signs()
	return slices.ContainsFunc(signs, identity.Sign.IsBefore) && slices.ContainsFunc(signs, identity.Sign.IsExchange)
}

func sayFiltered(s seen) (text, hint string) {
	return fmt.Sprintf("%s answers and passes on what an Exchange server behind it says: this result may show either of them.%s", s.namedProduct(), s.quote()),
		"Check the server by its own name, past the filter, and compare."
}

// namedProduct is the product other than Exchange that the answer names, or "".
func (s seen) namedProduct() string {
	for _, g := range s.signs() {
		if g.Product != "" && g.Product != identity.Another && !g.IsExchange() {
			return g.Product
		}
	}
	return ""
}

// otherMail returns the condition that a product other than Exchange answers in this
// protocol.
func otherMail(protocol string) func(seen) bool {
	return func(s seen) bool { return s.speaks(protocol) && strange(s) && !s.answer.OffersAsExchange() }
}

func sayOtherProduct(s seen) (text, hint string) {
	hint = "If it should be there, check it as what it is, and check Exchange by a name that leads past it; if not, check where the name and the port forwarding lead."
	if name := s.namedProduct(); name != "" {
		return s.sayNamed(name), hint
	}
	return fmt.Sprintf("Another product answers: neither the greeting nor the extensions are %s's. "+
		"A smart host, a spam filter in the cloud, a mail gateway or an anti-virus proxy stands in front of the server.%s", s.expected(), s.quote()), hint
}

// otherProduct: what answers SMTP is not Exchange.
func otherProduct(s seen) bool { return otherMail("smtp")(s) }

// sayNamed tells a product by its name.
func (s seen) sayNamed(name string) string {
	return fmt.Sprintf("%s answers, not %s.%s", name, s.expected(), s.quote())
}

// expected is the product that the check is of.
func (s seen) expected() string {
	if s.isOf(catalog.DavMail) {
		return identity.DavMail
	}
	return identity.Exchange
}

func sayOtherMailbox(s seen) (text, hint string) {
	hint = "Check where the name and the port forwarding lead. If a proxy for POP3 and IMAP4 should be there, check Exchange by its own name too."
	if name := s.namedProduct(); name != "" {
		return s.sayNamed(name), hint
	}
	return fmt.Sprintf("Another product answers: neither the greeting nor what it offers is %s's.%s", s.expected(), s.quote()), hint
}
