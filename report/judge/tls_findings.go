// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
)

// handshakeStalls: the client's hello got no answer, or only the beginning of one.
func handshakeStalls(s seen) bool {
	return s.Verdict == probe.Silent && s.Step == protocol.TLS && s.pace() != probe.Slowly
}

// clearGreeting matches the first words of a server that speaks in the clear.
var clearGreeting = lazily(`^(?:220[ -]|\+OK|\* OK|HTTP/1|20[01] )`)

// plainBeforeTLS: the server greets in the clear where the handshake should come first.
func plainBeforeTLS(s seen) bool {
	return s.Verdict == probe.BadTLS && s.Check.Service.TLS.First() && clearGreeting().MatchString(s.Evidence)
}

func sayPlainBeforeTLS(s seen) (text, hint string) {
	text = "The service greets in the clear where TLS must come first." + s.quote()
	switch {
	case s.Port == 465:
		return text, "No version of Exchange serves TLS from the first byte at 465: leave the row out of your catalogue, or give it STARTTLS; users submit mail on port 587."
	case s.Check.Service.HTTP != nil:
		return text, "Check " + s.listener() + "; there, netsh http show sslcert lists the ports of IIS that have a certificate. Then check " +
			"whether a load balancer or a port forwarding leads to the plain port of the server (80)."
	}
	return text, "Check whether the port is the right one (110, 143 and 119 begin in the clear, 995, 993 and 563 with TLS), and whether a load balancer forwards it to the wrong port of the server."
}

func oldTLS(s seen) bool {
	t := s.tls()
	return t != nil && slices.Contains([]string{"SSL 3.0", "SSLv3", "TLS 1.0", "TLS 1.1"}, t.Version)
}

func sayOldTLS(s seen) (text, hint string) {
	return fmt.Sprintf("The best TLS version that the server and exreach have in common is %s, which is no longer secure.", s.tls().Version),
		"Enable TLS 1.2 on the server (Exchange 2010 SP3 RU19, 2013 CU19, 2016 CU8 and later support it, if Windows does); put older versions behind a gateway that supports it."
}

// broken are the parts of a cipher's name that show that it is unsafe (RFC 7465; SWEET32).
var broken = []string{"_RC4_", "_3DES_", "_DES_", "_NULL_", "_EXPORT_"}

func weakCipher(s seen) bool {
	t := s.tls()
	return t != nil && slices.ContainsFunc(broken, func(part string) bool { return strings.Contains(t.Cipher, part) })
}

func sayWeakCipher(s seen) (text, hint string) {
	return fmt.Sprintf("Of all the ciphers that exreach offers, the server chose %s, which is broken.", s.tls().Cipher),
		"Enable AES in Windows on the server and put it first (the policy SSL Cipher Suite Order, or IIS Crypto)."
}

// weakest is the smallest RSA key that is safe, in bits (NIST SP 800-57).
const weakest = 2048

func weakKey(s seen) bool {
	c := s.leaf()
	if c == nil {
		return false
	}
	var bits int
	n, _ := fmt.Sscanf(c.Key, "RSA %d", &bits)
	return n == 1 && bits < weakest
}

func sayWeakKey(s seen) (text, hint string) {
	return fmt.Sprintf("The key of the certificate is too short: %s. Current clients and servers reject keys of less than %d bits.", s.leaf().Key, weakest),
		"Have a certificate with a longer key issued and assign it to the service " + s.assigning("New-ExchangeCertificate -KeySize 2048, Enable-ExchangeCertificate") + "."
}

// organization is the O of a distinguished name (RFC 4514).
var organization = lazily(`(?:^|[,+])O=((?:\\.|[^,+\\])+)`)

// issuer returns the organization that issued a certificate, or the issuer's whole name if
// it has none. An authority issues under several names of one organization in turn.
func issuer(c tls12.Certificate) string {
	if o := organization().FindStringSubmatch(c.Issuer); o != nil {
		return o[1]
	}
	return c.Issuer
}

// otherIssuer: another port of the host has a certificate for the same subject
// from another authority.
func otherIssuer(s seen) bool { return s.reissued() != nil }

// reissued returns the result of that other port, or nil.
func (s seen) reissued() *probe.Result {
	mine := s.leaf()
	if mine == nil || mine.SelfSigned {
		return nil
	}
	for _, r := range s.host.subjects[mine.Subject] {
		if issuer(*serverLeaf(*r)) != issuer(*mine) {
			return r
		}
	}
	return nil
}

func sayOtherIssuer(s seen) (text, hint string) {
	other := s.reissued()
	return fmt.Sprintf("The certificate is issued by %s, and the one for the same subject at %s by %s: a device on the path may be intercepting the TLS of one of them (TLS inspection).",
			s.leaf().Issuer, seen{Result: *other}.port(), other.Peer.TLS.Chain[0].Issuer),
		"Compare both with what the server has (Get-ExchangeCertificate, the bindings in IIS): the one that is not there comes from a proxy that inspects TLS; " +
			"exempt the server from the inspection."
}

// withoutStartTLS reports whether STARTTLS was due and no TLS came of it. The conversations
// note the reason under "starttls".
func (s seen) withoutStartTLS() bool {
	_, noted := s.fact(protocol.FactStartTLS)
	return s.Check.Service.TLS == catalog.StartTLS && noted && s.Peer.TLS == nil && s.wanted()
}

// startTLSRefused: the server offered TLS, and refused it when exreach asked for it.
func startTLSRefused(s seen) bool {
	answer, _ := s.fact(protocol.FactStartTLS)
	return s.withoutStartTLS() && answer != protocol.NotOffered
}

func sayStartTLSRefused(s seen) (text, hint string) {
	answer, _ := s.fact(protocol.FactStartTLS)
	answer = strings.TrimSuffix(answer, ".")
	if s.Check.Service.Protocol == "ldap" {
		return fmt.Sprintf("StartTLS is refused: %s. Most likely the domain controller has no certificate.", answer), s.certificateHint()
	}
	text = fmt.Sprintf("TLS is offered (STARTTLS) and then refused: %s. ", answer)
	switch {
	case aboutTLS().MatchString(answer):
	case strangeCommand().MatchString(answer):
		return text + "The server does not know the command that it offers: most likely a device on the path overwrites it (SMTP inspection, a mail proxy or an anti-virus program), " +
				"or answers in the server's place.",
			"Test from the server's own subnet: if TLS starts there, switch off the inspection for this server (Cisco: no inspect esmtp); if not, check the log of the service. " +
				s.certificateHint()
	case !notNow().MatchString(answer):
		return text + "It does not say why: the service cannot use its certificate, a rule denies TLS to this address, or a filter on the path answers.",
			"Test from the server's own subnet: if TLS starts there, look for the filter on the path. If it does not: " + s.certificateHint()
	}
	return text + "Most likely the service has no usable certificate, or cannot use its private key. No device on the path removed the offer.", s.certificateHint()
}

// The words in which servers say why they refuse TLS that they offer.
var (
	aboutTLS = lazily(`(?i)\b(?:TLS|SSL|certificate|security (?:sub)?system)\b`)

	// strangeCommand: codes 500 and 502 (RFC 5321 section 4.2.4), BAD (RFC 9051 section
	// 7.1), Exchange's "Protocol error" (POP3). Cisco's inspection overwrites
	// STARTTLS with X, so the server gets a word that is no command.
	strangeCommand = lazily(`(?i)^50[02]\b|^BAD\b|^-ERR (?:protocol error|unknown|unrecogni[sz]ed|invalid command|command (?:not (?:known|implemented)|unknown|unrecogni[sz]ed))`)

	// notNow: 454 (RFC 3207 section 4) and other temporary codes, NO, -ERR.
	notNow = lazily(`^4\d\d\b|^NO\b|^-ERR\b`)
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

// connectorTLS says how to make a receive connector offer TLS. The cmdlet replaces the
// whole list, so the present values must be given again.
const connectorTLS = "Get-ReceiveConnector | Format-List Name,Bindings,RemoteIPRanges,AuthMechanism shows the connector for this address; " +
	"add Tls to its list: Set-ReceiveConnector NAME -AuthMechanism Tls,OTHERS (OTHERS is the values that are already there)."

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

// receives reports whether Exchange's receive connector for servers (port 25) answers.
func (s seen) receives() bool {
	return s.speaks("smtp") && s.Port == 25 && s.exchange() && s.since("2007") && !otherProduct(s)
}

// submissionHasTLS reports whether 587, the port for users, of the same server did TLS.
func (s seen) submissionHasTLS() bool {
	return s.someHere(func(r probe.Result) bool { return r.Port == 587 && r.Peer != nil && r.Peer.TLS != nil })
}
