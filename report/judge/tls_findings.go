// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"exreach/probe"
	"exreach/probe/protocol"
)

// handshakeStalls: the client's hello got no answer.
func handshakeStalls(s seen) bool {
	return s.Verdict == probe.Silent && s.Step == protocol.TLS && s.pace() != probe.Slowly
}

// clearGreeting is how protocols begin that are spoken in the clear.
var clearGreeting = regexp.MustCompile(`^(?:220[ -]|\+OK|\* OK|HTTP/1|20[01] )`)

// plainBeforeTLS: where the handshake should come first, the server greets.
func plainBeforeTLS(s seen) bool {
	return s.Verdict == probe.BadTLS && s.Check.Service.TLS.First() && clearGreeting.MatchString(s.Evidence)
}

func sayPlainBeforeTLS(s seen) (text, hint string) {
	text = "The service greets in the clear where TLS must come first." + s.quote()
	switch {
	case s.Port == 465:
		return text, "No version of Exchange serves TLS from the first byte at 465: leave the row out of your catalogue, or give it STARTTLS; users submit mail on port 587."
	case s.Check.Service.HTTP != nil:
		return text, "Check which program is listening on the port (netstat -abno; netsh http show sslcert lists the ports of IIS that have a certificate), " +
			"and whether a load balancer or a port forwarding leads to the plain port of the server (80)."
	}
	return text, "Check whether the port is the right one (110, 143 and 119 begin in the clear, 995, 993 and 563 with TLS), and whether a load balancer forwards it to the wrong port of the server."
}

func oldTLS(s seen) bool {
	t := s.tls()
	return t != nil && slices.Contains([]string{"SSL 3.0", "SSLv3", "TLS 1.0", "TLS 1.1"}, t.Version)
}

func sayOldTLS(s seen) (text, hint string) {
	return fmt.Sprintf("The best TLS version that the server and exreach have in common is %s, which is no longer secure.", s.tls().Version),
		"Enable TLS 1.2 on the server (Exchange 2010 SP3 RU19, 2013 CU19, 2016 CU8 and later support it, if Windows does); older versions belong behind a gateway that speaks it."
}

// broken are the parts of cipher names that mean no safety (RFC 7465; SWEET32).
var broken = []string{"_RC4_", "_3DES_", "_DES_", "_NULL_", "_EXPORT_"}

func weakCipher(s seen) bool {
	t := s.tls()
	return t != nil && slices.ContainsFunc(broken, func(part string) bool { return strings.Contains(t.Cipher, part) })
}

func sayWeakCipher(s seen) (text, hint string) {
	return fmt.Sprintf("Of all ciphers that exreach offers, the server chose %s, which is broken.", s.tls().Cipher),
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
var organization = regexp.MustCompile(`(?:^|[,+])O=((?:\\.|[^,+\\])+)`)

// issuer is who stands behind a certificate. Authorities have several names of
// one organization, and change between them.
func issuer(c protocol.Certificate) string {
	if o := organization.FindStringSubmatch(c.Issuer); o != nil {
		return o[1]
	}
	return c.Issuer
}

// otherIssuer: another port of the host has a certificate for the same subject
// from another authority.
func otherIssuer(s seen) bool { return s.reissued() != nil }

// reissued is that other result, or nil.
func (s seen) reissued() *probe.Result {
	mine := s.leaf()
	if mine == nil || mine.SelfSigned {
		return nil
	}
	for _, r := range s.beside.subjects[mine.Subject] {
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
		"Compare both with what the server has (Get-ExchangeCertificate, the bindings in IIS): the one that is not there comes from a proxy that inspects TLS, " +
			"which must leave the server alone."
}
