// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/tls12"
	"exreach/probe/protocol/wire"
)

// afterHandshake is TLS that failed in the conversation.
func afterHandshake(f protocol.TLSFailure) change {
	return all(failed(f), detail("TLS, after the handshake: local error: tls: bad record MAC"), step(protocol.Talk), func(r *probe.Result) { r.Peer.TLS = goodTLS() })
}

// heldIn is a handshake that a peer holds, after so many bytes of its own.
func heldIn(bytes int, inSmall bool, changes ...change) change {
	return all(append([]change{silentBy(probe.Held, protocol.TLS), func(r *probe.Result) { r.Silence.Heard, r.Silence.InSmall = bytes, inSmall }}, changes...)...)
}

// namesOnly is a certificate whose subject is empty.
var namesOnly = all(implicit, certificate(func(t *protocol.TLSInfo, c *tls12.Certificate) {
	t.Trusted, c.SelfSigned, c.Subject, c.Issuer = false, true, "", ""
}))

func asksForCertificate(r *probe.Result) {
	r.Peer.TLS = goodTLS()
	r.Peer.TLS.ClientCertificate = true
}

// peerWordTests are what is told of peers in their own protocol and version.
var peerWordTests = []findingTest{
	// https://github.com/choria-io/puppet-choria/issues/243, https://github.com/rabbitmq/rabbitmq-website/issues/9
	{"bad-tls", Fail, Pass, afterHandshake(protocol.TLSFailure{Cause: protocol.TLSBroken}), nil, []string{"handshake succeeded", "bad record MAC", "changes the data"}},
	{"bad-tls", Fail, Pass, afterHandshake(protocol.TLSFailure{Cause: protocol.TLSInClear}), nil, []string{"handshake succeeded", "is not TLS"}},
	{"bad-tls", Fail, Pass, afterHandshake(protocol.TLSFailure{Cause: protocol.TLSAlerted, Alert: 40}), nil, []string{"handshake succeeded", "handshake failure (40)"}},
	{"bad-tls", Fail, Pass, all(alerted(80), speaks("ldap")), nil, []string{"internal error (80)", "certlm.msc"}},

	{"mismatch", Fail, Pass, all(verdict(probe.Mismatch, ""), evidence(`\x15\x03\x01\x00\x02\x02F`)), nil, []string{"What came is TLS."}},
	{"mismatch", Fail, Pass, all(verdict(probe.Mismatch, ""), evidence(`220 mail\xb0`)), nil, []string{"It said: 220 mail"}},

	// https://github.com/jstedfast/MailKit/issues/119: POP3 of Exchange after STLS.
	{"handshake-stalls", Fail, Pass, heldIn(0, true, speaks("pop3")), nil, []string{"never answers the ClientHello", "cannot use its certificate", "(path MTU) are unlikely", "Set-PopSettings"}},
	{"handshake-stalls", Fail, Pass, heldIn(0, false, speaks("smtp")), nil, []string{"cannot use its certificate", "large packets of the answer are lost (path MTU)", "smaller packet size"}},
	{"handshake-stalls", Fail, Pass, heldIn(7, true, speaks("ldap")), nil, []string{"began to answer", "(7 bytes)", "certlm.msc"}},
	{"silent", Fail, Pass, all(heard(probe.Stalled, 0), implicit, speaks("http")), nil, []string{"TLS handshake succeeded", "the request got no answer"}},
	{"silent", Fail, Pass, all(heard(probe.Stalled, 0), implicit, speaks("imap")), nil, []string{"no greeting came"}},
	{"silent", Fail, Pass, all(heard(probe.Slowly, 231), func(r *probe.Result) { r.Check.Service.Network = catalog.UDP }), nil, []string{"none of them answers the request"}},

	// https://github.com/nodemailer/nodemailer/issues/694: a device writes over the command.
	{"starttls-refused", Pass, Warn, answers("500 5.0.0 'XXXXXXXX': command not understood."), answers("not offered"), []string{"overwrites it", "no inspect esmtp"}},
	{"starttls-refused", Pass, Warn, all(speaks("imap"), answers("BAD Command Error. 12")), nil, []string{"does not know the command that it offers"}},
	{"starttls-refused", Pass, Warn, all(speaks("pop3"), answers("-ERR Protocol error. 14")), nil, []string{"does not know the command that it offers"}},
	{"starttls-refused", Pass, Warn, answers("454 4.3.3 TLS not available after start"), nil, []string{"no usable certificate", "No device on the path"}},
	{"starttls-refused", Pass, Warn, answers("554 5.7.3 Unable to initialize security subsystem"), nil, []string{"no usable certificate"}},
	{"starttls-refused", Pass, Warn, answers("550 5.7.1 Not for you"), nil, []string{"does not say why"}},
	{"starttls-missing", Pass, Warn, all(speaks("imap"), answers("not offered")), all(speaks("imap"), answers("NO no certificate")), []string{"mail proxies", "Set-ImapSettings"}},

	// https://github.com/kubernetes/ingress-nginx/issues/7176, https://github.com/nginx/docker-nginx/issues/175
	{"client-certificate-wanted", Fail, Pass, all(website("status", "400 Bad Request", "server", "nginx/1.19.2"), noExchange, asksForCertificate),
		all(website("status", "400 Bad Request", "server", "nginx/1.19.2"), noExchange), []string{"A proxy asked for a client certificate", "ssl_verify_client"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "429 Too Many Requests", "server", "nginx"), noExchange), website(), []string{"limits how many requests"}},
	{"http-foreign-page", Fail, Pass, all(website("status", "511 Network Authentication Required"), noExchange), website(), []string{"captive portal"}},
	{"http-redirect-elsewhere", Pass, Pass, all(website("status", "302 Found", "server", "nginx", "location", "https://owa.example.com/owa"), origin(web.OfExchange, "", "the redirect to /owa")),
		all(website("status", "302 Found", "server", "Microsoft-IIS/10.0", "location", "https://owa.example.com/owa"), origin(web.OfExchange, "", "the redirect to /owa")), []string{"owa.example.com"}},

	{"smtp-name-refused", Warn, Pass, all(saying("smtp", "550 5.7.1 Client host rejected: cannot find your hostname", wire.OurName), step(protocol.Greet)),
		saying("smtp", "550 5.7.1 Client host blocked", wire.OurAddress), []string{"no name for its address", "(PTR)"}},
	{"rpc-not-told", Unknown, Pass, all(child("mapper"), portless, verdict(probe.Unresolved, "")), verdict(probe.Unresolved, ""), nil},
	{"certificate-self-signed", Pass, Warn, namesOnly, implicit, []string{"no subject, names mail01.contoso.com"}},
}

// TestCertificateHintOfTheirTime: nothing is told to do about a certificate that the
// product or version has not.
func TestCertificateHintOfTheirTime(t *testing.T) {
	for _, test := range []struct {
		version, role, protocol string
		says                    string
		never                   []string
	}{
		{"5.5", "server", "imap", "Key Manager", []string{"Exchange System Manager", "-ExchangeCertificate", "Get-"}},
		{"2003", "back-end", "imap", "Exchange System Manager", []string{"-ExchangeCertificate", "Get-"}},
		{"2003", "back-end", "http", "Directory Security", []string{"-ExchangeCertificate", "Get-"}},
		{"2007", "client-access", "imap", "Set-ImapSettings", []string{"Get-ServerComponentState", "IMAP4BE"}},
		{"2010", "client-access", "http", "Enable-ExchangeCertificate -Services IIS", []string{"Exchange Back End"}},
		{"2010", "hub", "smtp", "MSExchangeTransport", []string{"FrontEndTransport"}},
		{"2019", "mailbox", "pop3", "PopProxy", nil},
		{"2019", "mailbox", "smtp", "MSExchangeFrontEndTransport", nil},
		{"2019", "edge", "smtp", "MSExchangeTransport", []string{"FrontEndTransport"}},
		{"2019", "edge", "ldap", "ADAM_MSExchange", []string{"domain controller"}},
		{"2019", "domain-controller", "ldap", "certlm.msc", []string{"-ExchangeCertificate"}},
		{"2019", "domain-controller", "rdp", "certlm.msc", []string{"-ExchangeCertificate"}},
		{"2019", "mailbox", "winrm", "winrm enumerate", []string{"-ExchangeCertificate"}},
		{"davmail", "gateway", "imap", "davmail.ssl.keystoreFile", []string{"Exchange", "Windows"}},
		{"online", "outlook", "imap", "Microsoft 365", []string{"Get-"}},
	} {
		r := healthy("service", 25)
		all(version(test.version), role(test.role), cutIn(protocol.TLS, test.protocol))(&r)
		f, found := finding(alone(r), "cut")
		if !found || !strings.Contains(f.Hint, test.says) {
			t.Errorf("%s %s, %s: %s", test.version, test.role, test.protocol, f.Hint)
		}
		all(expiry(-1), version(test.version), role(test.role), speaks(test.protocol))(&r)
		renew, found := finding(alone(r), "certificate-expired")
		if !found {
			t.Errorf("%s %s, %s: an expired certificate is not told", test.version, test.role, test.protocol)
		}
		for _, word := range test.never {
			if strings.Contains(f.Hint, word) || strings.Contains(renew.Hint, word) {
				t.Errorf("%s %s, %s has no %s: %s %s", test.version, test.role, test.protocol, word, f.Hint, renew.Hint)
			}
		}
	}
}

// TestBinaryIsNotQuoted: bytes that are no text are in the evidence, and not in a
// sentence.
func TestBinaryIsNotQuoted(t *testing.T) {
	r := healthy("endpoint-mapper", 135)
	all(verdict(probe.Mismatch, ""), evidence(`\x05\x00\x0c\x03\x10\x00\x00\x00<\x00\x00\x00135`))(&r)
	if f, _ := finding(alone(r), "mismatch"); strings.Contains(f.Text, "It said") {
		t.Error(f.Text)
	}
}
