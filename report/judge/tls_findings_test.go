// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"strings"
	"testing"

	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/judge/scene"
)

func cipher(name string) change {
	return all(implicit, certificate(func(t *protocol.TLSInfo, _ *tls12.Certificate) { t.Cipher = name }))
}

func key(name string) change {
	return all(implicit, certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.Key = name }))
}

func badTLS(said string) change {
	return all(implicit, verdict(probe.BadTLS, ""), evidence(said))
}

var tlsTests = []findingTest{
	{"handshake-stalls", Fail, Pass, all(verdict(probe.Silent, ""), step(protocol.TLS)), all(verdict(probe.Silent, ""), step(protocol.Greet)), []string{"MTU"}},
	{"plain-before-tls", Fail, Pass, all(badTLS(greets2019), port(465)), badTLS(`\x15\x03\x01\x00\x02\x02\x28`), []string{"It said: 220 mail01", "No version of Exchange"}},
	{"plain-before-tls", Fail, Pass, all(badTLS(`+OK ready`), port(995)), all(smtp(greets2019), starttls, verdict(probe.BadTLS, "")), []string{"995"}},
	{"tls-old", Pass, Warn, tlsVersion("TLS 1.0"), tlsVersion("TLS 1.3"), []string{"TLS 1.0"}},
	{"tls-weak-cipher", Pass, Warn, cipher("TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"), implicit, []string{"RC4_128"}},
	{"tls-weak-cipher", Pass, Warn, cipher("TLS_RSA_WITH_3DES_EDE_CBC_SHA"), cipher("TLS_RSA_WITH_AES_128_CBC_SHA"), []string{"3DES"}},
	{"certificate-weak-key", Pass, Warn, key("RSA 1024"), key("RSA 2048"), []string{"RSA 1024", "2048"}},
	{"certificate-weak-key", Pass, Warn, key("RSA 512"), key("ECDSA P-256"), nil},
}

func failed(f protocol.TLSFailure) change {
	return all(implicit, verdict(probe.BadTLS, "TLS handshake: remote error"), step(protocol.TLS), func(r *probe.Result) { r.Peer = &protocol.Peer{TLSFailure: &f} })
}

func alerted(n uint8) change {
	return failed(protocol.TLSFailure{Cause: protocol.TLSAlerted, Alert: n})
}

func tlsShown(set func(*protocol.TLSInfo)) change {
	return all(implicit, func(r *probe.Result) { set(r.Peer.TLS) })
}

func speaks(name string) change { return func(r *probe.Result) { r.Check.Service.Protocol = name } }

func cutIn(s protocol.Step, spoken string) change {
	return all(implicit, speaks(spoken), verdict(probe.Cut, ""), step(s))
}

func answers(what string) change { return all(starttls, fact("starttls", what)) }

// tlsFailureTests are what went wrong with TLS, kind by kind.
var tlsFailureTests = []findingTest{
	// A reverse proxy that demands a certificate: https://github.com/golang/go/issues/33368.
	{"client-certificate-wanted", Fail, Pass, alerted(116), alerted(40), []string{"client certificate", "certificate required (116)"}},
	{"client-certificate-wanted", Fail, Pass, all(alerted(40), func(r *probe.Result) { r.Peer.TLS = goodTLS(); r.Peer.TLS.ClientCertificate = true }), alerted(80), []string{"handshake failure (40)"}},
	{"bad-tls", Fail, Pass, alerted(42), alerted(116), []string{"bad certificate (42)", "does not trust the certificate of the server behind it"}},
	{"bad-tls", Fail, Pass, alerted(49), alerted(116), []string{"access denied (49)", "access control"}},
	{"client-certificate-wanted", Fail, Pass, all(alerted(42), func(r *probe.Result) { r.Peer.TLS = goodTLS(); r.Peer.TLS.ClientCertificate = true }), alerted(42), []string{"bad certificate (42)"}},
	{"bad-tls", Fail, Pass, alerted(48), alerted(116), []string{"unknown certificate authority (48)", "asked for none of the client's"}},
	{"client-certificate-wanted", Fail, Pass, all(speaks("http"), failed(protocol.TLSFailure{Cause: protocol.TLSCertificateWanted})),
		failed(protocol.TLSFailure{Cause: protocol.TLSBroken}), []string{"renegotiation", "SSL Settings"}},
	{"bad-tls", Fail, Pass, alerted(40), nil, []string{"handshake failure (40)", "cipher in common", "DHE", "Windows clients may"}},
	{"bad-tls", Fail, Pass, alerted(70), nil, []string{"protocol version not supported (70)", "SCHANNEL"}},
	{"bad-tls", Fail, Pass, alerted(80), nil, []string{"internal error (80)", "private key"}},
	// https://github.com/hakasenyang/openssl-patch/issues/12 and
	// https://github.com/NginxProxyManager/nginx-proxy-manager/issues/2742: asked by its address.
	{"bad-tls", Fail, Pass, all(alerted(112), func(r *probe.Result) { r.Check.Host = "192.0.2.10" }), nil, []string{"unrecognized name (112)", "by the name that clients use"}},
	{"bad-tls", Fail, Pass, alerted(112), nil, []string{"does not know the name mail01.contoso.com (SNI)"}},
	{"bad-tls", Fail, Pass, all(failed(protocol.TLSFailure{Cause: protocol.TLSInClear}), starttls), nil, []string{"continued in the clear", "STARTTLS"}},
	{"bad-tls", Fail, Pass, failed(protocol.TLSFailure{Cause: protocol.TLSInClear}), nil, []string{"is not TLS"}},
	{"bad-tls", Fail, Pass, failed(protocol.TLSFailure{Cause: protocol.TLSRenegotiation}), nil, []string{"renegotiation", "clientcertnegotiation"}},
	{"bad-tls", Fail, Pass, failed(protocol.TLSFailure{Cause: protocol.TLSBroken}), nil, []string{"Get-ExchangeCertificate"}},
	{"bad-tls", Fail, Pass, failed(protocol.TLSFailure{Cause: protocol.TLSUnreadable}), nil, []string{"only TLS 1.3", "may connect"}},
	{"tls-dhe-only", Pass, Warn, cipher("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"), cipher("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), []string{"Windows", "ECDHE"}},
	{"tls-hello-size", Pass, Warn, tlsShown(func(t *protocol.TLSInfo) { t.Hello, t.HelloFailed = 190, 315 }), implicit, []string{"190 bytes", "315 bytes", "RFC 7685"}},
	{"certificate-unreadable", Pass, Warn, tlsShown(func(t *protocol.TLSInfo) { t.Unreadable, t.Unjudged, t.Trusted = "negative serial number", true, false }), implicit,
		[]string{"negative serial number", "Strict clients"}},
	{"certificate-untrusted", Pass, Warn, foreignCert, all(foreignCert, tlsShown(func(t *protocol.TLSInfo) { t.Unjudged, t.Trusted = true, false })), nil},
	// https://github.com/zyn3rgy/LdapRelayScan/issues/29, https://github.com/CiscoDevNet/iPSK-Manager/issues/26
	{"cut", Fail, Pass, cutIn(protocol.TLS, "ldap"), nil, []string{"domain controller has no certificate", "certlm.msc"}},
	{"cut", Fail, Pass, cutIn(protocol.TLS, "http"), nil, []string{"binding", "netsh http show sslcert"}},
	{"cut", Fail, Pass, cutIn(protocol.TLS, "imap"), nil, []string{"certificate", "ImapProxy"}},
	{"cut", Fail, Pass, cutIn(protocol.TLS, "pop3"), nil, []string{"PopProxy"}},
	{"cut", Fail, Pass, all(cutIn(protocol.TLS, "smtp"), starttls), nil, []string{"agreed to start TLS", "Enable-ExchangeCertificate -Services SMTP"}},
	{"cut", Fail, Pass, cutIn(protocol.Greet, "smtp"), nil, []string{"receive connector"}},
	{"cut", Fail, Pass, cutIn(protocol.Greet, "http"), nil, []string{"application pool"}},
	{"cut", Fail, Pass, all(cutIn(protocol.Greet, "http"), evidence("HTTP/1.1 401 Unauthorized\r\nServer: Mic")), nil, []string{"The answer began, then the connection was closed in the middle of it"}},
	{"handshake-stalls", Fail, Pass, all(verdict(probe.Silent, ""), step(protocol.TLS), func(r *probe.Result) { r.Tries = 1 }), nil, []string{"ClientHello of 256 to 511 bytes", "certificate"}},
	{"starttls-refused", Pass, Warn, answers("454 4.7.0 TLS not available due to local problem"), answers("not offered"), []string{"offered (STARTTLS) and then refused: 454 4.7.0"}},
	// https://github.com/postalserver/postal/issues/745
	{"starttls-refused", Pass, Warn, all(smtp(greets2019, offers2019...), starttls, also("starttls", "502 TLS not available")), all(healthySMTP, starttls), []string{"502", "Get-ReceiveConnector"}},
	// https://github.com/mobizt/ESP-Mail-Client/issues/160
	{"starttls-refused", Pass, Warn, all(speaks("imap"), answers("BAD Error in IMAP command received by server.")), nil, []string{"BAD Error", "Set-ImapSettings"}},
	{"starttls-refused", Pass, Warn, all(speaks("pop3"), answers("-ERR TLS not available")), nil, []string{"-ERR TLS", "Set-PopSettings"}},
	{"starttls-refused", Pass, Warn, all(speaks("ldap"), answers("52 Unavailable: Error initializing SSL/TLS")), all(speaks("ldap"), answers("not offered")),
		[]string{"52 Unavailable", "domain controller has no certificate"}},
}

// What refuses TLS, or does without, has no second finding that blames another for it.
func TestStartTLSOneFinding(t *testing.T) {
	for _, test := range tlsFailureTests {
		if test.code != "starttls-refused" {
			continue
		}
		r := healthy("smtp", 25)
		test.sick(&r)
		for _, other := range []string{"starttls-missing", "starttls-no-certificate"} {
			if f, found := finding(alone(r), other); found {
				t.Errorf("%s beside starttls-refused: %s", other, f.Text)
			}
		}
	}
}

// TestPortsBeside wants what other ports of the server show told: 587 that does TLS
// where 25 does not, and TLS elsewhere where one port hangs up.
func TestPortsBeside(t *testing.T) {
	secured := func(r *probe.Result) { r.Peer = &protocol.Peer{TLS: goodTLS()} }
	for name, test := range map[string]struct {
		first  change
		port   uint16
		second change
		code   string
		says   string
		silent string
	}{
		"a connector without TLS": {all(smtp(greets2019, "SIZE"), withoutTLS), 587, secured, "starttls-missing", "587 of the same server does TLS", "removes both"},
		// https://github.com/docker-mailserver/docker-mailserver/issues/1489 (Postfix, which has its settings by port, too)
		"Postfix without TLS at 25": {all(smtp("220 mx ESMTP Postfix", "SIZE", "PIPELINING"), withoutTLS), 587, secured, "starttls-missing", "Either the service has no certificate", "AuthMechanism"},
		// https://github.com/bokysan/docker-postfix/issues/130 (a port for users without a certificate)
		"Postfix without a certificate": {all(smtp("220 mx ESMTP Postfix", "SIZE", "PIPELINING"), withoutTLS), 587, nil, "starttls-missing", "Either the service has no certificate", "AuthMechanism"},
		"no TLS at 587 either":          {all(smtp(greets2019, "SIZE"), withoutTLS), 587, nil, "starttls-missing", "AuthMechanism", "587"},
		"TLS at another port":           {cutIn(protocol.TLS, "ldap"), 443, secured, "cut", "TLS works at TCP 443", "receive connector"},
		"no TLS at any other port":      {cutIn(protocol.TLS, "ldap"), 443, nil, "cut", "certificate", "TLS works"},
	} {
		s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
		s.Add("first", 25, test.first)
		s.Add("second", test.port, test.second)
		f, found := finding(judged(s.Results)[0], test.code)
		if !found || !strings.Contains(f.Text, test.says) || strings.Contains(f.Text, test.silent) {
			t.Errorf("%s: %q", name, f.Text)
		}
	}
}

// Authorities change between certificates of their own to sign with.
func TestIssuer(t *testing.T) {
	for name, want := range map[string]string{
		"CN=R11,O=Let's Encrypt,C=US":                   "Let's Encrypt",
		`CN=X,O=Contoso\, Ltd.,C=DE`:                    `Contoso\, Ltd.`,
		"O=DigiCert Inc,CN=DigiCert TLS RSA SHA256 CA1": "DigiCert Inc",
		"CN=contoso-DC01-CA,DC=contoso,DC=com":          "CN=contoso-DC01-CA,DC=contoso,DC=com",
		"CN=NO=THING":                                   "CN=NO=THING",
		"":                                              "",
	} {
		if got := issuer(tls12.Certificate{Issuer: name}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
