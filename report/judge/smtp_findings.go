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

// ehloRefused: 4.0 and 5.0 know no extensions, all others do.
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
			"Check where the name and the port forwarding lead. If Exchange is installed there, see in its System Manager whether its SMTP virtual server is started."
	}
	return fmt.Sprintf("The SMTP service of Windows answers (IIS, version %s), not Exchange %s: from 2007 on, Exchange has its own, which greets without a version.", s.answer.WindowsSMTP(), s.Check.Version),
		"If Exchange should answer here, stop and disable the service SMTPSVC and start MSExchangeTransport; if an Exchange 2000 or 2003 answers, give that as the version."
}

// smtpsSuspected: what listens at 465 waits for the TLS handshake, or has sent
// an alert because it did not come.
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
		"Check what is listening at 465 (netstat -abno), or which load balancer or mail gateway answers there in the server's place; users submit mail on port 587."
}
