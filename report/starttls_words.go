// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"regexp"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
)

// withoutStartTLS: the protocols note under "starttls" why there was none.
func (s seen) withoutStartTLS() bool {
	_, noted := s.fact("starttls")
	return s.Check.Service.TLS == catalog.StartTLS && noted && s.Peer.TLS == nil && s.wanted()
}

// startTLSRefused: TLS was offered, and refused when it was asked for.
func startTLSRefused(s seen) bool {
	answer, _ := s.fact("starttls")
	return s.withoutStartTLS() && answer != protocol.StartTLSNotOffered
}

func sayStartTLSRefused(s seen) (text, hint string) {
	answer, _ := s.fact("starttls")
	answer = strings.TrimSuffix(answer, ".")
	if s.Check.Service.Protocol == "ldap" {
		return fmt.Sprintf("StartTLS is refused: %s. Most likely the domain controller has no certificate.", answer), s.certificateHint()
	}
	text = fmt.Sprintf("TLS is offered (STARTTLS) and then refused: %s. ", answer)
	switch {
	case aboutTLS.MatchString(answer):
	case strangeCommand.MatchString(answer):
		return text + "The server does not know the command that it offers: most likely a device on the path writes over it (SMTP inspection, a mail proxy or an anti-virus program), " +
				"or answers in the server's place.",
			"Ask from the server's own subnet: if TLS begins there, switch the inspection off for this server (Cisco: no inspect esmtp); if not, look at the log of the service. " +
				s.certificateHint()
	case !notNow.MatchString(answer):
		return text + "It does not say why: the service cannot use its certificate, a rule keeps this address from TLS, or a filter on the path answers.",
			"Ask from the server's own subnet: if TLS begins there, look for the filter between. If not: " + lower(s.certificateHint())
	}
	return text + "Most likely the service has no certificate that it can use, or cannot use its key. Nobody on the path took the offer out.", s.certificateHint()
}

// How servers say why they do not begin TLS that they offer.
var (
	aboutTLS = regexp.MustCompile(`(?i)\b(?:TLS|SSL|certificate|security (?:sub)?system)\b`)

	// strangeCommand: codes 500 and 502 (RFC 5321 section 4.2.4), BAD (RFC 9051 section
	// 7.1), Exchange's "Protocol error" (POP3). Cisco's inspection writes X over
	// STARTTLS, and the server meets a word that is none.
	strangeCommand = regexp.MustCompile(`(?i)^50[02]\b|^BAD\b|^-ERR (?:protocol error|unknown|unrecogni[sz]ed|invalid command|command (?:not (?:known|implemented)|unknown|unrecogni[sz]ed))`)

	// notNow: 454 (RFC 3207 section 4) and other codes for the time being, NO, -ERR.
	notNow = regexp.MustCompile(`^4\d\d\b|^NO\b|^-ERR\b`)
)

// startTLSHidden: the server itself hides STARTTLS, since X-ANONYMOUSTLS came
// through.
func startTLSHidden(s seen) bool {
	return s.withoutStartTLS() && !startTLSRefused(s) && s.offers("X-ANONYMOUSTLS")
}

func sayStartTLSHidden(s seen) (text, hint string) {
	return "STARTTLS is missing and X-ANONYMOUSTLS is there, so no firewall took it out: Exchange hides it where no valid certificate fits the connector's name.",
		"Assign a valid certificate with that name (Get-ExchangeCertificate, Enable-ExchangeCertificate -Services SMTP)."
}

func startTLSMissing(s seen) bool {
	return s.withoutStartTLS() && !startTLSRefused(s) && !s.offers("X-ANONYMOUSTLS")
}

// connectorTLS is how a receive connector comes to offer TLS. The list replaces
// the one before.
const connectorTLS = "Get-ReceiveConnector | Format-List Name,Bindings,RemoteIPRanges,AuthMechanism shows the connector that takes this address; " +
	"add Tls to its list: Set-ReceiveConnector NAME -AuthMechanism Tls,… (with all that is there already)."

func sayStartTLSMissing(s seen) (text, hint string) {
	switch {
	case s.Check.Service.Protocol != "smtp":
		return "STARTTLS is not offered. Either the service has no certificate, or a device on the path takes the offer out (a mail proxy or an anti-virus program does).",
			"Ask from the server's own subnet: if STARTTLS is offered there, look for the device between; if not, assign a certificate to the service. " + s.certificateHint()
	case !s.receives():
		return "STARTTLS is not offered. Either the service has no certificate, or a device on the path takes the offer out (SMTP inspection of a firewall does).",
			"Ask from the server's own subnet: if STARTTLS is offered there, switch the inspection off; if not, assign a certificate to the service."
	case s.submissionHasTLS():
		return "STARTTLS is not offered, nor X-ANONYMOUSTLS, and 587 of the same server does TLS: the receive connector that takes this address " +
				"has no TLS among its AuthMechanism. A firewall that inspects SMTP at 25 alone looks the same.",
			connectorTLS + " If Tls is there, ask from the server's own subnet and switch the inspection off."
	}
	return "STARTTLS is not offered, nor X-ANONYMOUSTLS, which Exchange lists here even without a certificate: the receive connector that takes this address " +
			"has no TLS among its AuthMechanism, a device on the path takes both out (SMTP inspection of a firewall does), or another product answers.",
		connectorTLS + " If Tls is there, ask from the server's own subnet: if STARTTLS is offered there, switch the inspection off."
}

// receives reports whether a receive connector of Exchange for servers answers.
func (s seen) receives() bool {
	return s.speaks("smtp") && s.Port == 25 && s.exchange() && since("2007", s.Check.Version)
}

// submissionHasTLS reports whether the port for users of the same server did TLS.
func (s seen) submissionHasTLS() bool {
	return s.someHere(func(r probe.Result) bool { return r.Port == 587 && r.Peer != nil && r.Peer.TLS != nil })
}
