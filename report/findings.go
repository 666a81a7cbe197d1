// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// A rule is one kind of finding: when it is made, what it says, and the best
// grade that a result with it can have. docs/findings.md has one line for each
// code.
type rule struct {
	code  string // stable: other tools match it
	grade Grade
	when  func(seen) bool
	say   func(seen) (text, hint string)
}

// note is the grade of a finding that explains and changes no grade.
const note = Pass

// explanations is why a result is not as wanted. The first that applies is the
// only one told, so that what knows more stands before what knows less.
var explanations = []rule{
	{"exposed", Fail, exposed, sayExposed},
	{"rpc-not-registered", note, notRegistered, sayNotRegistered},
	{"shunned", note, shunned, sayShunned},
	{"shunned", note, shunnedMidway, sayShunnedMidway},
	{"connection-limit", note, stillCrowdedOut, sayStillCrowdedOut},
	{"ipv6-dead", note, ipv6Dead, sayIPv6Dead},
	{"address-dead", note, addressDead, sayAddressDead},
	{"dynamic-port-blocked", note, dynamicPortBlocked, sayDynamicPortBlocked},
	{"smtp-25-blocked", note, port25Blocked, sayPort25Blocked},
	{"only-udp-answers", note, onlyUDP, sayOnlyUDP},
	{"only-tcp-answers", note, onlyTCP, sayOnlyTCP},
	{"mail-shield", note, mailShield, sayMailShield},
	{"smtp-banner-masked", note, maskedMismatch, sayMaskedBanner},
	{"smtps-suspected", note, smtpsSuspected, saySMTPSSuspected},
	{"plain-before-tls", note, plainBeforeTLS, sayPlainBeforeTLS},
	{"everything-answers", note, saysNothing, saySaysNothing},
	{"handshake-stalls", note, handshakeStalls, sayHandshakeStalls},
	{"http-redirect-elsewhere", note, redirectElsewhere, sayRedirectElsewhere},
	{"http-proxy-login", note, proxyLogin, sayProxyLogin},
	{"http-verb-refused", note, verbRefused, sayVerbRefused},
	{"http-foreign-page", note, foreignPage, sayForeignPage},
	{"likely-prohibited", note, likelyProhibited, sayLikelyProhibited},
	{"timed-out", note, plainly(probe.TimedOut), sayTimedOut},
	{"refused", note, plainly(probe.Refused), sayRefused},
	{"prohibited", note, plainly(probe.Prohibited), sayProhibited},
	{"unreachable", note, plainly(probe.Unreachable), sayUnreachable},
	{"mismatch", note, plainly(probe.Mismatch), sayMismatch},
	{"silent", note, plainly(probe.Silent), saySilent},
	{"cut", note, plainly(probe.Cut), sayCut},
	{"bad-tls", note, plainly(probe.BadTLS), sayBadTLS},
	{"unresolved", note, plainly(probe.Unresolved), sayUnresolved},
	{"untried", note, plainly(probe.Untried), sayUntried},
}

// observations is what else there is to see, in the order in which it is told.
// A code stands twice where its weight or its words depend on the case; its
// first rule that applies holds.
var observations = []rule{
	{"everything-answers", Warn, controlAnswers, sayControlAnswers},
	{"everything-answers", Warn, provesNothing, sayProvesNothing},
	{"connection-limit", note, crowdedOut, sayCrowdedOut},
	{"mail-shield", Warn, shieldBanner, sayMailShield},
	{"rpc-behind-not-asked", note, behindNotAsked, sayBehindNotAsked},
	{"rpc-none-registered", Warn, noneRegistered, sayNoneRegistered},
	{"http-verb-refused", note, verbRefused, sayVerbRefused},
	{"service-refuses", Fail, refusesRequired, sayRefuses},
	{"service-refuses", Warn, refuses, sayRefuses},
	{"credentials-refused", Warn, credentialsRefused, sayCredentialsRefused},
	{"credentials-unused", note, credentialsUnused, sayCredentialsUnused},
	{"health-page", Warn, unhealthy, sayUnhealthy},
	{"http-headers-missing", note, unmarked, sayUnmarked},
	{"http-headers-missing", note, noFrontEnd, sayNoFrontEnd},
	{"answered-by", note, answeredBy, sayAnsweredBy},
	{"smtp-banner-masked", Warn, maskedBanner, sayMaskedBanner},
	{"smtp-ehlo-refused", Warn, ehloRefused, sayEHLORefused},
	{"smtp-keywords-masked", Warn, maskedKeywords, sayMaskedKeywords},
	{"smtp-iis", Warn, iisSMTP, sayIISSMTP},
	{"smtp-banner-changed", note, changedBanner, sayChangedBanner},
	{"smtp-other-product", Warn, otherProduct, sayOtherProduct},
	{"starttls-no-certificate", Warn, startTLSHidden, sayStartTLSHidden},
	{"starttls-missing", Warn, startTLSMissing, sayStartTLSMissing},
	{"tls-old", Warn, oldTLS, sayOldTLS},
	{"tls-weak-cipher", Warn, weakCipher, sayWeakCipher},
	{"certificate-expired", Fail, expiredForPeople, sayExpired},
	{"certificate-expired", Warn, expired, sayExpired},
	{"certificate-not-yet-valid", Fail, notYetValidForPeople, sayNotYetValid},
	{"certificate-not-yet-valid", Warn, notYetValid, sayNotYetValid},
	{"certificate-expires-soon", Warn, expiresSoon, sayExpiresSoon},
	{"certificate-name-mismatch", note, otherNameAmongServers, sayOtherName},
	{"certificate-name-mismatch", Warn, otherName, sayOtherName},
	{"certificate-self-signed", note, selfSignedAmongServers, saySelfSigned},
	{"certificate-self-signed", Warn, selfSigned, saySelfSigned},
	{"certificate-untrusted", note, untrustedAmongServers, sayUntrusted},
	{"certificate-untrusted", Warn, untrusted, sayUntrusted},
	{"certificate-weak-key", Warn, weakKey, sayWeakKey},
	{"certificate-other-issuer", Warn, otherIssuer, sayOtherIssuer},
	{"gc-not-ready", Fail, gcNotReadyRequired, sayGCNotReady},
	{"gc-not-ready", Warn, gcNotReady, sayGCNotReady},
	{"not-a-domain-controller", Fail, notADomainControllerRequired, sayNotADomainController},
	{"not-a-domain-controller", Warn, notADomainController, sayNotADomainController},
	{"clock-skew", Warn, clockSkew, sayClockSkew},
	{"version-differs", Warn, versionDiffers, sayVersionDiffers},
	{"unverified-row", note, unverified, sayUnverified},
}

// A seen is a result as the rules look at it.
type seen struct {
	probe.Result
	grade   Grade          // by want and verdict alone
	started time.Time      // of the run: certificates are judged as of then
	beside  []probe.Result // all of the same host, this one too
}

// find applies the rules. The grade is the worst of the result's own and those
// of its findings.
func find(s seen) ([]Finding, Grade) {
	var found []Finding
	grade := s.grade
	tell := func(r rule) {
		text, hint := r.say(s)
		found = append(found, Finding{Code: r.code, Text: text, Hint: hint})
		grade = worse(grade, r.grade)
	}
	applies := func(r rule) bool { return r.when(s) }
	if i := slices.IndexFunc(explanations, applies); i >= 0 && s.grade != Pass {
		tell(explanations[i])
	}
	for _, r := range observations {
		told := slices.ContainsFunc(found, func(f Finding) bool { return f.Code == r.code })
		if !told && r.when(s) {
			tell(r)
		}
	}
	return found, grade
}

// wanted reports whether somebody wants the service: what is wrong with one
// that must not be reached is nobody's concern.
func (s seen) wanted() bool { return s.Check.Want != catalog.Forbidden }

// required reports whether the service must answer.
func (s seen) required() bool { return s.Check.Want == catalog.Required }

// speaks reports whether a wanted service answered in this protocol and did not
// turn us away.
func (s seen) speaks(protocol string) bool {
	return s.wanted() && s.Verdict == probe.Answered && s.Check.Service.Protocol == protocol && s.Peer != nil && s.Peer.Refusal == ""
}

// fact is what the protocol learned under a name.
func (s seen) fact(name string) (string, bool) {
	if s.Peer == nil {
		return "", false
	}
	value, known := s.Peer.Facts[name]
	return value, known
}

// exposed: a connect succeeded that must not.
func exposed(s seen) bool { return !s.wanted() && s.grade == Fail }

// plainly makes the condition of a verdict's own explanation.
func plainly(v probe.Verdict) func(seen) bool {
	return func(s seen) bool { return s.Verdict == v }
}

func refuses(s seen) bool { return s.Peer != nil && s.Peer.Refusal != "" && s.wanted() }

func refusesRequired(s seen) bool { return refuses(s) && s.required() }

func unverified(s seen) bool {
	return !s.Check.Service.Verified && (s.grade == Warn || s.grade == Fail)
}
