// SPDX-License-Identifier: Apache-2.0

package judge

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
	_, noted := s.fact(protocol.FactStartTLS)
	return s.Check.Service.TLS == catalog.StartTLS && noted && s.Peer.TLS == nil && s.wanted()
}

// startTLSRefused: TLS was offered, and refused when it was asked for.
func startTLSRefused(s seen) bool {
	answer, _ := s.fact(protocol.FactStartTLS)
	return s.withoutStartTLS() && answer != protocol.StartTLSNotOffered
}

func sayStartTLSRefused(s seen) (text, hint string) {
	answer, _ := s.fact(protocol.FactStartTLS)
	answer = strings.TrimSuffix(answer, ".")
	if s.Check.Service.Protocol == "ldap" {
		return fmt.Sprintf("StartTLS is refused: %s. Most likely the domain controller has no certificate.", answer), s.certificateHint()
	}
	text = fmt.Sprintf("TLS is offered (STARTTLS) and then refused: %s. ", answer)
	switch {
	case aboutTLS.MatchString(answer):
	case strangeCommand.MatchString(answer):
		return text + "The server does not know the command that it offers: most likely a device on the path overwrites it (SMTP inspection, a mail proxy or an anti-virus program), " +
				"or answers in the server's place.",
			"Test from the server's own subnet: if TLS starts there, switch off the inspection for this server (Cisco: no inspect esmtp); if not, check the log of the service. " +
				s.certificateHint()
	case !notNow.MatchString(answer):
		return text + "It does not say why: the service cannot use its certificate, a rule denies TLS to this address, or a filter on the path answers.",
			"Test from the server's own subnet: if TLS starts there, look for the filter on the path. If not: " + lower(s.certificateHint())
	}
	return text + "Most likely the service has no usable certificate, or cannot use its private key. No device on the path removed the offer.", s.certificateHint()
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
	return "STARTTLS is missing but X-ANONYMOUSTLS is there, so no firewall removed it: Exchange hides STARTTLS if no valid certificate matches the connector's name.",
		"Assign a valid certificate with that name (Get-ExchangeCertificate, Enable-ExchangeCertificate -Services SMTP)."
}

func startTLSMissing(s seen) bool {
	return s.withoutStartTLS() && !startTLSRefused(s) && !s.offers("X-ANONYMOUSTLS")
}

// connectorTLS is how a receive connector comes to offer TLS. The list replaces
// the one before.
const connectorTLS = "Get-ReceiveConnector | Format-List Name,Bindings,RemoteIPRanges,AuthMechanism shows the connector for this address; " +
	"add Tls to its list: Set-ReceiveConnector NAME -AuthMechanism Tls,… (keep the values that are already there)."

func sayStartTLSMissing(s seen) (text, hint string) {
	switch {
	case s.Check.Service.Protocol != "smtp":
		return "STARTTLS is not offered. Either the service has no certificate, or a device on the path removes the offer (mail proxies and anti-virus programs do).",
			"Test from the server's own subnet: if STARTTLS is offered there, look for the device on the path; if not, assign a certificate to the service. " + s.certificateHint()
	case !s.receives():
		return "STARTTLS is not offered. Either the service has no certificate, or a device on the path removes the offer (firewalls with SMTP inspection do).",
			"Test from the server's own subnet: if STARTTLS is offered there, switch off the inspection; if not, assign a certificate to the service."
	case s.submissionHasTLS():
		return "STARTTLS is not offered, nor is X-ANONYMOUSTLS, but 587 of the same server does TLS: the receive connector for this address " +
				"does not have Tls in its AuthMechanism. A firewall that inspects SMTP on port 25 only looks the same.",
			connectorTLS + " If Tls is there, test from the server's own subnet and switch off the inspection."
	}
	return "STARTTLS is not offered, nor is X-ANONYMOUSTLS: the receive connector for this address does not have Tls in its AuthMechanism, " +
			"no valid certificate has the name of the connector (Fqdn), a device on the path removes both (firewalls with SMTP inspection do), or another product answers.",
		connectorTLS + " If Tls is there, test from the server's own subnet: if STARTTLS is offered there, switch off the inspection; " +
			"if not, look for event 12014 of MSExchangeTransport and compare the connector's Fqdn with Get-ExchangeCertificate."
}

// receives reports whether a receive connector of Exchange for servers answers.
func (s seen) receives() bool {
	return s.speaks("smtp") && s.Port == 25 && s.exchange() && s.since("2007") && !otherProduct(s)
}

// submissionHasTLS reports whether the port for users of the same server did TLS.
func (s seen) submissionHasTLS() bool {
	return s.someHere(func(r probe.Result) bool { return r.Port == 587 && r.Peer != nil && r.Peer.TLS != nil })
}
