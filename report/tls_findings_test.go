// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"

	"exreach/probe"
	"exreach/probe/protocol"
)

func cipher(name string) change {
	return all(implicit, certificate(func(t *protocol.TLSInfo, _ *protocol.Certificate) { t.Cipher = name }))
}

func key(name string) change {
	return all(implicit, certificate(func(_ *protocol.TLSInfo, c *protocol.Certificate) { c.Key = name }))
}

func badTLS(said string) change {
	return all(implicit, verdict(probe.BadTLS, ""), evidence(said))
}

var tlsTests = []findingTest{
	{"handshake-stalls", Fail, all(verdict(probe.Silent, ""), step(protocol.TLS)), all(verdict(probe.Silent, ""), step(protocol.Greet)), []string{"MTU"}},
	{"plain-before-tls", Fail, all(badTLS(greets2019), port(465)), badTLS(`\x15\x03\x01\x00\x02\x02\x28`), []string{"It said: 220 mail01", "No version of Exchange"}},
	{"plain-before-tls", Fail, all(badTLS(`+OK ready`), port(995)), all(smtp(greets2019), starttls, verdict(probe.BadTLS, "")), []string{"995"}},
	{"tls-old", Warn, tlsVersion("TLS 1.0"), tlsVersion("TLS 1.3"), []string{"TLS 1.0"}},
	{"tls-weak-cipher", Warn, cipher("TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"), implicit, []string{"RC4_128"}},
	{"tls-weak-cipher", Warn, cipher("TLS_RSA_WITH_3DES_EDE_CBC_SHA"), cipher("TLS_RSA_WITH_AES_128_CBC_SHA"), []string{"3DES"}},
	{"certificate-weak-key", Warn, key("RSA 1024"), key("RSA 2048"), []string{"RSA 1024", "2048"}},
	{"certificate-weak-key", Warn, key("RSA 512"), key("ECDSA P-256"), nil},
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
		if got := issuer(protocol.Certificate{Issuer: name}); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
