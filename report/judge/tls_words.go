// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
)

// tlsFailure says what went wrong with TLS; the zero value means that this is not known.
func (s seen) tlsFailure() protocol.TLSFailure { return valueOf(s.peer().TLSFailure) }

// alertName is an alert as people know it: "handshake failure (40)".
func alertName(n uint8) string {
	return fmt.Sprintf("%s (%d)", strings.TrimPrefix(tls.AlertError(n).Error(), "tls: "), n)
}

// certificateWanted: the handshake failed because exreach has no certificate of its own. If
// the server asked for one, any alert is taken to be about the one that it did not get.
func certificateWanted(s seen) bool {
	if s.Verdict != probe.BadTLS {
		return proxyWantsCertificate(s)
	}
	f := s.tlsFailure()
	asked := s.Peer != nil && s.Peer.TLS != nil && s.Peer.TLS.ClientCertificate
	return f.Cause == protocol.TLSCertificateWanted || f.Cause == protocol.TLSAlerted && (asked || f.Alert == tls12.AlertCertificateRequired)
}

func sayCertificateWanted(s seen) (text, hint string) {
	if proxyWantsCertificate(s) {
		return s.sayProxyWantsCertificate()
	}
	text = "The server speaks TLS but requires a client certificate, which exreach does not have"
	switch f := s.tlsFailure(); {
	case f.Cause == protocol.TLSCertificateWanted:
		text += ": it asked for one after the request (renegotiation), as IIS does when a single directory requires client certificates, and then stopped answering."
	default:
		text += fmt.Sprintf(": it ended the handshake with the alert %s.", alertName(f.Alert))
	}
	if s.Check.Service.Protocol == "http" {
		return text, "If users log in here with certificates, check from a client that has one. If not, set client certificates to Ignore for this directory " +
			"(IIS Manager, SSL Settings), or in the reverse proxy that answers."
	}
	return text, "If the clients have certificates, check from one of them. If not, stop requiring client certificates in the service, or in the proxy in front of it."
}

// proxyWantsCertificate: a proxy asked for a client certificate in the handshake and
// refuses the request without one. Nginx then answers 400, or 495 and 496 if it is
// configured to.
func proxyWantsCertificate(s seen) bool {
	t := s.tls()
	return s.foreign() && t != nil && t.ClientCertificate && slices.Contains([]string{"400", "401", "403", "495", "496"}, s.status())
}

func (s seen) sayProxyWantsCertificate() (text, hint string) {
	return fmt.Sprintf("A proxy asked for a client certificate in the TLS handshake, which exreach does not have, and answers HTTP %s, most likely because it got none.%s", s.status(), s.served()),
		"If users log in here with certificates, check from a client that has one. If not, stop requiring client certificates in the proxy (nginx: ssl_verify_client off)."
}

func sayBadTLS(s seen) (text, hint string) {
	switch f := s.tlsFailure(); {
	case s.shaken() && f.Cause != protocol.TLSRenegotiation:
		return s.sayBrokenOff()
	case f.Cause == protocol.TLSAlerted:
		why, hint := s.alerted(f.Alert)
		return fmt.Sprintf("The connection succeeded, but the server ended the TLS handshake with the alert %s: %s.", alertName(f.Alert), why), hint
	case f.Cause == protocol.TLSInClear:
		return s.sayInClear()
	case f.Cause == protocol.TLSUnreadable:
		return fmt.Sprintf("The server sends a certificate that strict clients reject (%s), and it allows only TLS 1.3, in which exreach cannot continue with such a certificate. "+
				"Programs that use Windows' TLS are less strict and may connect.", s.Detail),
			"Have the certificate reissued without the mistake, then run again; until then, check from a client that accepts it."
	case f.Cause == protocol.TLSRenegotiation:
		return "The server asked for a second TLS handshake in the middle of the conversation (renegotiation), and exreach does only one. " +
				"IIS does that when a directory requires client certificates.",
			"Check which directory requires client certificates (IIS Manager, SSL Settings), and request them in the first handshake instead: " +
				"netsh http add sslcert, with clientcertnegotiation=enable."
	}
	return fmt.Sprintf("The connection succeeded, but TLS failed: %s The server violates the protocol, has no TLS version in common with exreach, "+
			"or another program is listening.", capital(sentence(s.Detail))),
		"Check which TLS versions and ciphers the server allows (on Windows: Get-TlsCipherSuite, and SCHANNEL\\Protocols in the registry), " +
			"and whether a device on the path inspects TLS. " + s.certificateHint()
}

// shaken reports whether the TLS handshake was completed.
func (s seen) shaken() bool {
	return s.Peer != nil && s.Peer.TLS != nil && (s.Step == protocol.Greet || s.Step == protocol.Talk)
}

// sayBrokenOff: TLS failed in the conversation.
func (s seen) sayBrokenOff() (text, hint string) {
	what := strings.TrimRight(s.Detail, ". ")
	switch f := s.tlsFailure(); f.Cause {
	case protocol.TLSAlerted:
		what = fmt.Sprintf("the server ended it with the alert %s", alertName(f.Alert))
	case protocol.TLSInClear:
		what = "what followed is not TLS"
	}
	return fmt.Sprintf("The TLS handshake succeeded, but TLS failed in the conversation after it: %s. The server is failing, or the proxy that terminates TLS for it, "+
			"or something on the path changes the data (a device that inspects TLS, a faulty network card or driver).", what),
		"Test from the server's own subnet and compare: if it works there, look for the device on the path; if not, check the log of the service and of the proxy in front of it."
}

// alerted says why a server sends an alert, and what to do about it.
func (s seen) alerted(alert uint8) (why, hint string) {
	switch alert {
	case tls12.AlertHandshakeFailure, tls12.AlertInsufficient:
		return "it has no cipher in common with exreach, which offers ECDHE, DHE and RSA with AES and 3DES, and RC4 (DHE only under TLS 1.2), or its certificate has a kind of key that exreach does not support. Windows clients may support it",
			"Compare the ciphers of the server (Get-TlsCipherSuite, the policy SSL Cipher Suite Order) with the key of its certificate: " +
				"an ECDSA key needs ECDHE_ECDSA. Schannel logs event 36874 when nothing fits."
	case tls12.AlertProtocolVersion:
		return "it allows none of the versions that exreach offers, TLS 1.0 to 1.3",
			`Allow TLS 1.2 on the server: HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols. A server that speaks only SSL 3.0 is out of date.`
	case tls12.AlertInternalError:
		return "it had an internal error, often because the service cannot use the private key of its certificate",
			"Check the System log for events 36870 and 36874 of Schannel, and give the service's account read access to the private key, or assign the certificate again. " + s.certificateHint()
	case tls12.AlertUnrecognizedName:
		if _, err := netip.ParseAddr(s.Check.Host); err == nil {
			return "exreach was given an address and so sent no server name (SNI), and the server answers only to names",
				"Check the server by the name that clients use."
		}
		return fmt.Sprintf("it does not know the name %s (SNI)", s.Check.Host),
			"Check the server by the name that clients use, or add this one to the proxy or the binding: netsh http show sslcert lists hostnameport bindings."
	}
	if alert >= tls12.AlertNoCertificate && alert <= tls12.AlertUnknownCertificate || alert == tls12.AlertUnknownAuthority {
		return "it is about a certificate, and the server asked for none of the client's: most likely a proxy or a device that inspects TLS answers and does not trust the certificate of the server behind it",
			"Test from the server's own subnet. If it works there, check which authorities the proxy or device trusts for the server behind it; if not, check the System log of the server for events of Schannel."
	}
	if alert == tls12.AlertAccessDenied {
		return "its access control, or that of a device on the path, rejects this connection",
			"Check which addresses and names the server and the devices in front of it accept, and the System log of the server for events of Schannel."
	}
	return "it, or a device on the path, does not accept what exreach sends", "Check the System log of the server for events of Schannel, then look for a device on the path that inspects TLS."
}

// sayInClear: no TLS came where TLS was due.
func (s seen) sayInClear() (text, hint string) {
	if s.Check.Service.TLS == catalog.StartTLS {
		return "The server agreed to start TLS and then continued in the clear: a proxy or filter on the path intercepted STARTTLS, or the service is broken.",
			"Test from the server's own subnet: if TLS starts there, look for the filter or proxy on the path (SMTP inspection, anti-virus); if not, check the log of the service."
	}
	return "The connection succeeded, but what came is not TLS: the service speaks in the clear here, or another program is listening." + s.quote(),
		fmt.Sprintf("Check whether the port is the right one and %s, then whether a load balancer forwards it to the wrong port.", s.listener())
}

// dheOnly: the server took none of the ciphers that current clients offer, but one with
// DHE.
func dheOnly(s seen) bool { t := s.tls(); return t != nil && t.DHE() }

func sayDHEOnly(s seen) (text, hint string) {
	return fmt.Sprintf("The server takes only ciphers with DHE (%s). Outlook and other programs that use Windows' TLS support them; "+
			"browsers and many other programs no longer do, and fail.", s.tls().Cipher),
		"Allow ECDHE with AES-GCM on the server and put it first (the policy SSL Cipher Suite Order, Get-TlsCipherSuite)."
}

// unreadableCertificate: crypto/x509 refuses a certificate that others take.
func unreadableCertificate(s seen) bool { t := s.tls(); return t != nil && t.Unreadable != "" }

func sayUnreadableCertificate(s seen) (text, hint string) {
	return fmt.Sprintf("Strict clients reject a certificate that the server sends: %s. Programs that use Windows' TLS are less strict and may accept it. "+
			"Whether its issuer is trusted was not checked.", strings.TrimSuffix(s.tls().Unreadable, ".")),
		"Have the certificate reissued without the mistake; if it is the root certificate, configure the server not to send it: clients need only the certificates below it."
}

// helloSize: the server answers a hello of one size, and not one of another.
func helloSize(s seen) bool { t := s.tls(); return t != nil && t.HelloFailed != 0 }

func sayHelloSize(s seen) (text, hint string) {
	t := s.tls()
	return fmt.Sprintf("The TLS handshake succeeded only with another ClientHello: one of %d bytes was answered, and one of %d bytes was not. "+
			"Clients whose ClientHello is like the second one hang or fail here. Old load balancers are known for this: some hang at 256 to 511 bytes (RFC 7685), "+
			"others at one that is larger than a packet, or that offers TLS 1.3.", t.Hello, t.HelloFailed),
		"Update the load balancer or firewall that terminates TLS in front of the server; to compare, check the server by its own address, past it."
}

// stalled says what may hold up a handshake. If exreach tried twice, the second hello had
// another size, so the size of a hello is not the cause.
func (s seen) stalled() string {
	causes := []string{"large packets of the handshake are lost (path MTU)", "the service hangs or cannot use its certificate", "a device on the path holds it back"}
	if s.Tries < 2 {
		causes = slices.Insert(causes, 1, "an old load balancer hangs at a ClientHello of 256 to 511 bytes, such as exreach's")
	}
	return strings.Join(causes[:len(causes)-1], ", ") + ", or " + causes[len(causes)-1]
}
