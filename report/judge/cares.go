// SPDX-License-Identifier: Apache-2.0

package judge

// A careRule is a rule about something beside reachability: a certificate, a version, a
// setting. Its finding weighs on the care of a result and leaves the grade alone.
type careRule struct {
	rule
	label string // what a report calls it in one line about a host: "Certificate: expired"
}

// cares are the rules for what is beside reachability, as observations are for the rest.
var cares = []careRule{
	{rule{"credentials-refused", Warn, credentialsRefused, sayCredentialsRefused}, "Login: refused"},
	{rule{"http-no-login", Warn, noLogin, sayNoLogin}, "HTTP: no login asked for"},
	{rule{"smtp-banner-masked", Warn, maskedBanner, sayMaskedBanner}, "SMTP inspection: greeting masked"},
	{rule{"smtp-ehlo-refused", Warn, ehloRefused, sayEHLORefused}, "SMTP: EHLO refused"},
	{rule{"smtp-reply-broken", Warn, brokenReply, sayBrokenReply}, "SMTP: malformed reply"},
	{rule{"smtp-keywords-masked", Warn, maskedKeywords, sayMaskedKeywords}, "SMTP inspection: EHLO keywords masked"},
	{rule{"smtp-iis", Warn, iisSMTP, sayIISSMTP}, "Product: the SMTP service of IIS answers"},
	{rule{"smtp-other-product", Warn, otherProduct, sayOtherProduct}, "Product: another mail server answers"},
	{rule{"pop3-other-product", Warn, otherMail("pop3"), sayOtherMailbox}, "Product: another mail server answers"},
	{rule{"imap-other-product", Warn, otherMail("imap"), sayOtherMailbox}, "Product: another mail server answers"},
	{rule{"imap-preauth", Warn, loggedInBefore, sayLoggedInBefore}, "IMAP: no login asked for"},
	{rule{"starttls-refused", Warn, startTLSRefused, sayStartTLSRefused}, "STARTTLS: offered and refused"},
	{rule{"starttls-no-certificate", Warn, startTLSHidden, sayStartTLSHidden}, "STARTTLS: not offered, the certificate is missing"},
	{rule{"starttls-missing", Warn, startTLSMissing, sayStartTLSMissing}, "STARTTLS: not offered"},
	{rule{"tls-old", Warn, oldTLS, sayOldTLS}, "TLS: old version"},
	{rule{"tls-weak-cipher", Warn, weakCipher, sayWeakCipher}, "TLS: weak cipher"},
	{rule{"tls-dhe-only", Warn, dheOnly, sayDHEOnly}, "TLS: only DHE ciphers"},
	{rule{"tls-hello-size", Warn, helloSize, sayHelloSize}, "TLS: fails with some hellos"},
	{rule{"certificate-unreadable", Warn, unreadableCertificate, sayUnreadableCertificate}, "Certificate: unreadable"},
	{rule{"certificate-expired", Fail, and(expired, seen.forPeople), sayExpired}, "Certificate: expired"},
	{rule{"certificate-expired", Warn, expired, sayExpired}, "Certificate: expired"},
	{rule{"certificate-not-yet-valid", Fail, and(notYetValid, seen.forPeople), sayNotYetValid}, "Certificate: not yet valid"},
	{rule{"certificate-not-yet-valid", Warn, notYetValid, sayNotYetValid}, "Certificate: not yet valid"},
	{rule{"certificate-expires-soon", Warn, expiresSoon, sayExpiresSoon}, "Certificate: expires soon"},
	{rule{"certificate-name-mismatch", note, and(otherName, seen.amongServers), sayOtherName}, "Certificate: for another name"},
	{rule{"certificate-name-mismatch", Warn, otherName, sayOtherName}, "Certificate: for another name"},
	{rule{"certificate-common-name-only", note, and(commonNameOnly, seen.amongServers), sayCommonNameOnly}, "Certificate: no subject alternative name"},
	{rule{"certificate-common-name-only", Warn, commonNameOnly, sayCommonNameOnly}, "Certificate: no subject alternative name"},
	{rule{"certificate-self-signed", note, and(selfSigned, seen.amongServers), saySelfSigned}, "Certificate: self-signed"},
	{rule{"certificate-self-signed", Warn, selfSigned, saySelfSigned}, "Certificate: self-signed"},
	{rule{"certificate-untrusted", note, and(untrusted, seen.amongServers), sayUntrusted}, "Certificate: issuer not trusted"},
	{rule{"certificate-untrusted", Warn, untrusted, sayUntrusted}, "Certificate: issuer not trusted"},
	{rule{"certificate-weak-key", Warn, weakKey, sayWeakKey}, "Certificate: weak key or signature"},
	{rule{"certificate-other-issuer", Warn, otherIssuer, sayOtherIssuer}, "Certificate: another issuer than elsewhere"},
	{rule{"clock-skew", Warn, clockSkew, sayClockSkew}, "Clock: wrong"},
	{rule{"version-differs", Warn, versionDiffers, sayVersionDiffers}, "Version: not the expected one"},
}

// Label returns what a report calls a finding that weighs on the care, in one line about a
// host: "Certificate: expired". Of a code that is unknown here it is the code.
func Label(code string) string {
	for _, r := range cares {
		if r.code == code {
			return r.label
		}
	}
	for _, r := range hostRules {
		if r.code == code {
			return r.label
		}
	}
	return code
}
