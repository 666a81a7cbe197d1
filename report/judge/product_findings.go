// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/judge/identity"
)

// ofExchange reports whether the check expects Exchange, Exchange Online or DavMail.
func (s seen) ofExchange() bool {
	return s.exchange() || s.isOf(catalog.ExchangeOnline) || s.isOf(catalog.DavMail)
}

// strange: the greeting is not one that Exchange makes, and no firewall masked it.
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
	hint = "If it belongs there, check it as what it is, and check Exchange by a name that leads past it; if not, check where the name and the port forwarding lead."
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

// expected names the product that the check expects.
func (s seen) expected() string {
	if s.isOf(catalog.DavMail) {
		return identity.DavMail
	}
	return identity.Exchange
}

func sayOtherMailbox(s seen) (text, hint string) {
	hint = "Check where the name and the port forwarding lead. If a proxy for POP3 and IMAP4 belongs there, check Exchange by its own name too."
	if name := s.namedProduct(); name != "" {
		return s.sayNamed(name), hint
	}
	return fmt.Sprintf("Another product answers: neither the greeting nor what it offers is %s's.%s", s.expected(), s.quote()), hint
}

func maskedBanner(s seen) bool { return s.speaks("smtp") && identity.IsMasked(s.Peer.Greeting) }

// maskedMismatch: so much is masked that it is not SMTP any more.
func maskedMismatch(s seen) bool {
	return s.Verdict == probe.Mismatch && s.Check.Service.Protocol == "smtp" && identity.IsMasked(s.Evidence)
}

const inspectionOff = "Switch off SMTP inspection in that firewall for this server (Cisco: no inspect esmtp, formerly no fixup protocol smtp). " +
	"Exchange does not support devices that change what its servers say to each other."

func sayMaskedBanner(s seen) (text, hint string) {
	return fmt.Sprintf("The greeting is masked: a firewall on the path inspects SMTP and overwrites what it wants to hide.%s", s.quote()), inspectionOff
}

// ehloRefused: the server refuses EHLO and accepts HELO. Exchange 4.0 and 5.0 do that: they
// know no extensions. All later versions know them.
func ehloRefused(s seen) bool {
	hello, _ := s.fact(protocol.FactHello)
	return s.speaks("smtp") && hello == "HELO" && (!s.exchange() || s.since("5.5"))
}

func sayEHLORefused(s seen) (text, hint string) {
	return "EHLO is refused and HELO accepted: a firewall that passes only the commands of RFC 821, or a very old mail program, stands in front of the server. " +
		"Without EHLO there is no TLS and no login.", inspectionOff
}

func maskedKeywords(s seen) bool { return s.speaks("smtp") && s.answer.MaskedKeyword() != "" }

func sayMaskedKeywords(s seen) (text, hint string) {
	return fmt.Sprintf("The answer to EHLO has overwritten keywords (%s): a firewall on the path inspects SMTP and masks the extensions it does not know.",
		s.answer.MaskedKeyword()), inspectionOff
}

func (s seen) offers(word string) bool {
	return slices.ContainsFunc(s.Peer.Capabilities, func(line string) bool { return identity.Keyword(line) == word })
}

func iisSMTP(s seen) bool {
	return s.speaks("smtp") && s.exchange() && s.answer.WindowsSMTP() != "" && (s.since("2007") || s.answer.IsBareWindows())
}

func sayIISSMTP(s seen) (text, hint string) {
	if !s.since("2007") {
		return fmt.Sprintf("The SMTP service of Windows answers (IIS, version %s), without the extensions that Exchange %s adds to it (X-EXPS, X-LINK2STATE, XEXCH50).", s.answer.WindowsSMTP(), s.Check.Version),
			"Check where the name and the port forwarding lead. If Exchange is installed there, check in its System Manager whether its SMTP virtual server is started."
	}
	return fmt.Sprintf("The SMTP service of Windows answers (IIS, version %s), not Exchange %s: from 2007 on, Exchange has its own, which greets without a version.", s.answer.WindowsSMTP(), s.Check.Version),
		"If Exchange should answer here, stop and disable the service SMTPSVC and start MSExchangeTransport; if an Exchange 2000 or 2003 answers, give that as the version."
}

// smtpsSuspected: the service at 465 waits for the TLS handshake, or has sent an alert
// because no handshake came.
func smtpsSuspected(s seen) bool {
	if s.Port != 465 || s.Check.Service.Protocol != "smtp" || s.Check.Service.TLS == catalog.Implicit {
		return false
	}
	alert := strings.HasPrefix(s.Evidence, `\x15\x03`)
	return s.Verdict == probe.Silent && s.Step == protocol.Greet || s.Verdict == probe.Mismatch && alert
}

func saySMTPSSuspected(s seen) (text, hint string) {
	return "TCP 465 does not greet: it behaves like a server that waits for TLS first (SMTPS). No version of Exchange serves that: " +
			"from 2013 on, it greets at 465 in the clear and starts TLS with STARTTLS; earlier versions do not use the port.",
		"Check " + s.listener() + ", or which load balancer or mail gateway answers there in the server's place; users submit mail on port 587."
}

// since reports whether the host was checked as this version or a later one.
func (s seen) since(version string) bool { return s.Check.Releases.Since(version, s.Check.Version) }

// exchange reports whether the check is of an Exchange server.
func (s seen) exchange() bool {
	return s.isOf(catalog.ExchangeServer) && !slices.Contains(catalog.SupportRoles, s.Check.Service.Role)
}

// isOf reports whether the host was checked as a version of a family.
func (s seen) isOf(family catalog.Family) bool {
	return s.Check.Releases.Family(s.Check.Version) == family
}

// versionDiffers: the server reports another version than the one it was checked as. The
// SMTP service of Windows has a finding of its own (smtp-iis).
func versionDiffers(s seen) bool {
	if !s.wanted() || !s.ofExchange() || s.Verdict != probe.Answered || s.Peer == nil || iisSMTP(s) {
		return false
	}
	candidates, _ := identity.Admitted(s.Check.Releases, s.signs())
	return len(candidates) > 0 && !slices.Contains(candidates, s.Check.Version)
}

func sayVersionDiffers(s seen) (text, hint string) {
	candidates, said := identity.Admitted(s.Check.Releases, s.signs())
	version := catalog.Auto // which finds out more
	if len(candidates) == 1 {
		version = candidates[0]
	}
	text = fmt.Sprintf("The server was checked as %s but reports %s: %s.", s.Check.Version, catalog.Either(candidates), said)
	return text, fmt.Sprintf("Check it as what it is (--version %s, or the topology file): it may need other ports.", version)
}
