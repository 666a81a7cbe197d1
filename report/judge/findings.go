// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/protocol"
)

// A rule is one kind of finding: when it is made, what it says, and the best grade, or
// care, that a result with it can have. find applies the rules. docs/findings.md has one
// line for each code.
type rule struct {
	code   string // stable: other tools match it
	weight Grade
	when   func(seen) bool
	say    func(seen) (text, hint string)
}

// note is the weight of a finding that changes nothing.
const note = Pass

// explanations are the rules that say why a result is not as wanted. find reports only the
// first that applies, so the more specific rules come before the general ones.
var explanations = []rule{
	{"not-judged", note, notJudged, sayNotJudged},
	{"exposed", Fail, exposed, sayExposed},
	{"never-arrived", note, went(far.NeverArrived), sayNeverArrived},
	{"answer-lost", note, went(far.AnswerLost), sayAnswerLost},
	{"bytes-changed", note, went(far.Changed), sayChanged},
	{"answered-by-other", note, went(far.AnsweredByOther), sayAnsweredByOther},
	{"far-unknown", note, notServed, sayFarUnknown},
	{"host-not-seen", note, seen.unseen, sayUnseen},
	{"rpc-not-registered", note, notRegistered, sayNotRegistered},
	{"rpc-not-told", note, notTold, sayNotTold},
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
	{"http-no-server-behind", note, noServerBehind, sayNoServerBehind},
	{"http-no-site", note, noSite, sayNoSite},
	{"http-redirect-elsewhere", note, redirectElsewhere, sayRedirectElsewhere},
	{"http-proxy-login", note, proxyLogin, sayProxyLogin},
	{"http-verb-refused", note, verbRefused, sayVerbRefused},
	{"client-certificate-wanted", note, certificateWanted, sayCertificateWanted},
	{"http-foreign-page", note, foreignPage, sayForeignPage},
	{"name-reserved", note, reservedAddress, sayReservedAddress},
	{"likely-prohibited", note, likelyProhibited, sayLikelyProhibited},
	{"udp-not-known", note, emptyUnanswered, sayEmptyUnanswered},
	{"timed-out", note, plainly(probe.TimedOut), sayTimedOut},
	{"refused", note, plainly(probe.Refused), sayRefused},
	{"prohibited", note, plainly(probe.Prohibited), sayProhibited},
	{"unreachable", note, plainly(probe.Unreachable), sayUnreachable},
	{"mismatch", note, plainly(probe.Mismatch), sayMismatch},
	{"silent", note, plainly(probe.Silent), saySilent},
	{"cut", note, plainly(probe.Cut), sayCut},
	{"bad-tls", note, plainly(probe.BadTLS), sayBadTLS},
	{"name-sinkhole", note, sinkhole, saySinkhole},
	{"unresolved", note, plainly(probe.Unresolved), sayUnresolved},
	{"untried", note, plainly(probe.Untried), sayUntried},
}

// observations are the rules for what else a result shows of whether the service can be
// used from here, in the order of the report. A code occurs twice if its weight or its
// words depend on the case; the first of its rules that applies counts.
var observations = []rule{
	{"bytes-changed", Warn, went(far.Changed), sayChanged},
	{"answered-by-other", Fail, went(far.AnsweredByOther), sayAnsweredByOther},
	{"port-held", note, held, sayHeld},
	{"far-unknown", note, farUnknown, sayFarUnknown},
	{"name-search", note, foundBySearch, sayFoundBySearch},
	{"name-unusable-address", note, partlySinkhole, saySinkhole},
	{"name-loopback", note, loopback, sayLoopback},
	{"name-many-addresses", note, manyAddresses, sayManyAddresses},
	{"name-no-way", note, noWayToSome, sayNoWayToSome},
	{"name-half-answered", note, halfAnswered, sayHalfAnswered},
	{"everything-answers", Warn, controlAnswers, sayControlAnswers},
	{"everything-answers", Warn, provesNothing, sayProvesNothing},
	{"connection-limit", note, crowdedOut, sayCrowdedOut},
	{"mail-shield", Warn, shieldBanner, sayMailShield},
	{"one-is-enough", note, spared, saySpared},
	{"one-is-enough", note, noneServes, sayNoneServes},
	{"rpc-behind-not-asked", note, behindNotAsked, sayBehindNotAsked},
	{"rpc-none-registered", Warn, noneRegistered, sayNoneRegistered},
	{"http-verb-refused", note, verbRefused, sayVerbRefused},
	{"refuses-strangers", Warn, refusesStrangers, sayRefusesStrangers},
	{"smtp-name-refused", Warn, nameRefused, sayNameRefused},
	{"smtp-name-refused", note, nameReplaced, sayNameReplaced},
	{"refuses-address", Fail, and(refusesAddress, seen.required), sayRefusesAddress},
	{"refuses-address", Warn, refusesAddress, sayRefusesAddress},
	{"limits-address", Warn, limitsAddress, sayLimitsAddress},
	{"takes-no-commands", Fail, and(takesNoCommands, seen.required), sayTakesNoCommands},
	{"takes-no-commands", Warn, takesNoCommands, sayTakesNoCommands},
	{"service-refuses", Fail, refusesRequired, sayRefuses},
	{"service-refuses", Warn, refuses, sayRefuses},
	{"credentials-unused", note, credentialsUnused, sayCredentialsUnused},
	{"health-page", Warn, unhealthy, sayUnhealthy},
	{"http-no-login", Warn, noLogin, sayNoLogin},
	{"http-unproved", Warn, unprovedPage, sayUnproved},
	{"http-redirect-elsewhere", note, gatewayElsewhere, sayRedirectElsewhere},
	{"http-gateway", note, gateway, sayGateway},
	{"http-headers-missing", note, unmarked, sayUnmarked},
	{"http-headers-missing", note, noFrontEnd, sayNoFrontEnd},
	{"http-odd-headers", note, oddHeaders, sayOddHeaders},
	{"answered-by", note, answeredBy, sayAnsweredBy},
	{"smtp-banner-changed", note, changedBanner, sayChangedBanner},
	{"mail-filter", note, filtered, sayFiltered},
	{"gc-not-ready", Fail, and(gcNotReady, seen.required), sayGCNotReady},
	{"gc-not-ready", Warn, gcNotReady, sayGCNotReady},
	{"not-a-domain-controller", Fail, and(notADomainController, seen.required), sayNotADomainController},
	{"not-a-domain-controller", Warn, notADomainController, sayNotADomainController},
	{"active-directory-answers", Warn, activeDirectoryAnswers, sayActiveDirectoryAnswers},
	{"unverified-row", note, unverified, sayUnverified},
}

// A careRule is a rule about something beside reachability: a certificate, a version, a
// setting. Its finding weighs on the care of a result and leaves the grade alone.
type careRule struct {
	rule
	label string // what a report calls it in one line about a host: "Certificate: expired"
}

// cares are the rules for what is wrong beside reachability, as observations are for the
// rest. Another mail server than Exchange is among them, because it takes the mail;
// another directory than the one asked for is of no use.
var cares = []careRule{
	{rule{"stand-in", Warn, standsIn, sayStandsIn}, "Product: a stand-in of exreach, not Exchange"},
	{rule{"credentials-refused", Warn, credentialsRefused, sayCredentialsRefused}, "Login: credentials refused"},
	{rule{"smtp-banner-masked", Warn, maskedBanner, sayMaskedBanner}, "SMTP inspection: greeting masked"},
	{rule{"smtp-ehlo-refused", Warn, ehloRefused, sayEHLORefused}, "SMTP: EHLO refused"},
	{rule{"smtp-reply-broken", Warn, brokenReply, sayBrokenReply}, "SMTP: malformed reply to EHLO"},
	{rule{"smtp-keywords-masked", Warn, maskedKeywords, sayMaskedKeywords}, "SMTP inspection: extensions masked"},
	{rule{"smtp-iis", Warn, iisSMTP, sayIISSMTP}, "Product: SMTP service of Windows, not of Exchange"},
	{rule{"smtp-other-product", Warn, otherProduct, sayOtherProduct}, "Product: another mail server answers"},
	{rule{"pop3-other-product", Warn, otherMail("pop3"), sayOtherMailbox}, "Product: another mail server answers"},
	{rule{"imap-other-product", Warn, otherMail("imap"), sayOtherMailbox}, "Product: another mail server answers"},
	{rule{"imap-preauth", Warn, loggedInBefore, sayLoggedInBefore}, "IMAP: no login required"},
	{rule{"starttls-refused", Warn, startTLSRefused, sayStartTLSRefused}, "STARTTLS: offered, then refused"},
	{rule{"starttls-no-certificate", Warn, startTLSHidden, sayStartTLSHidden}, "STARTTLS: not offered, no valid certificate"},
	{rule{"starttls-missing", Warn, startTLSMissing, sayStartTLSMissing}, "STARTTLS: not offered"},
	{rule{"tls-old", Warn, oldTLS, sayOldTLS}, "TLS: no version above 1.1"},
	{rule{"tls-weak-cipher", Warn, weakCipher, sayWeakCipher}, "TLS: weak cipher"},
	{rule{"tls-dhe-only", Warn, dheOnly, sayDHEOnly}, "TLS: only DHE ciphers"},
	{rule{"tls-hello-size", Warn, helloSize, sayHelloSize}, "TLS: some sizes of ClientHello fail"},
	{rule{"certificate-unreadable", Warn, unreadableCertificate, sayUnreadableCertificate}, "Certificate: malformed"},
	{rule{"certificate-expired", Fail, and(expired, seen.forPeople), sayExpired}, "Certificate: expired"},
	{rule{"certificate-expired", Warn, expired, sayExpired}, "Certificate: expired"},
	{rule{"certificate-not-yet-valid", Fail, and(notYetValid, seen.forPeople), sayNotYetValid}, "Certificate: not yet valid"},
	{rule{"certificate-not-yet-valid", Warn, notYetValid, sayNotYetValid}, "Certificate: not yet valid"},
	{rule{"certificate-expires-soon", Warn, expiresSoon, sayExpiresSoon}, "Certificate: expires soon"},
	{rule{"certificate-name-mismatch", note, and(otherName, seen.amongServers), sayOtherName}, "Certificate: for another name"},
	{rule{"certificate-name-mismatch", Warn, otherName, sayOtherName}, "Certificate: for another name"},
	{rule{"certificate-common-name-only", note, and(commonNameOnly, seen.amongServers), sayCommonNameOnly}, "Certificate: no subject alternative names"},
	{rule{"certificate-common-name-only", Warn, commonNameOnly, sayCommonNameOnly}, "Certificate: no subject alternative names"},
	{rule{"certificate-self-signed", note, and(selfSigned, seen.amongServers), saySelfSigned}, "Certificate: self-signed"},
	{rule{"certificate-self-signed", Warn, selfSigned, saySelfSigned}, "Certificate: self-signed"},
	{rule{"certificate-untrusted", note, and(untrusted, seen.amongServers), sayUntrusted}, "Certificate: issuer not trusted"},
	{rule{"certificate-untrusted", Warn, untrusted, sayUntrusted}, "Certificate: issuer not trusted"},
	{rule{"certificate-weak-key", Warn, weakKey, sayWeakKey}, "Certificate: key too short"},
	{rule{"certificate-other-issuer", Warn, otherIssuer, sayOtherIssuer}, "Certificate: issuer differs between ports"},
	{rule{"clock-skew", Warn, clockSkew, sayClockSkew}, "Clock: more than 5 minutes off"},
	{rule{"version-differs", Warn, versionDiffers, sayVersionDiffers}, "Version: not the one expected"},
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

// find applies the rules. The grade is the worst of the result's own and those of the
// findings about reachability; the care is the worst of the other findings.
func find(s seen) (found []Finding, grade, care Grade) {
	grade, care = s.grade, Pass
	tell := func(r rule, on Scale, weight Grade) {
		text, hint := r.say(s)
		found = append(found, newFinding(r.code, text, hint, weight, on))
	}
	told := func(r rule) bool {
		return slices.ContainsFunc(found, func(f Finding) bool { return f.Code == r.code })
	}
	applies := func(r rule) bool { return r.when(s) }
	if i := slices.IndexFunc(explanations, applies); i >= 0 && s.grade != Pass {
		tell(explanations[i], OnGrade, worse(s.grade, explanations[i].weight))
	}
	if notJudged(s) {
		return found, grade, care
	}
	for _, r := range observations {
		if !told(r) && r.when(s) {
			tell(r, OnGrade, r.weight)
			grade = worse(grade, r.weight)
		}
	}
	for _, r := range cares {
		if !told(r.rule) && s.concerns(r) && r.when(s) {
			tell(r.rule, OnCare, r.weight)
			care = worse(care, r.weight)
		}
	}
	return found, grade, care
}

// newFinding makes a Finding. One that weighs nothing weighs on nothing.
func newFinding(code, text, hint string, weight Grade, on Scale) Finding {
	if weight == note {
		on = ""
	}
	return Finding{Code: code, Text: text, Hint: hint, Weight: weight, WeighsOn: on}
}

// notJudged: the user interrupted the run and does not wait for the rules. What is
// wrong apart from the verdict is not known then, so the grade is Unknown.
func notJudged(s seen) bool { return s.hurried }

func sayNotJudged(s seen) (text, hint string) {
	return fmt.Sprintf("The run was interrupted, or its deadline came, before this result was judged: only what was observed is known (%s).", s.Verdict),
		"Run again and let it finish, or limit the run with --only."
}

// exposed: a connect succeeded to a service that must not be reachable.
func exposed(s seen) bool { return !s.wanted() && s.grade == Fail }

// and returns the condition that both conditions apply.
func and(one, other func(seen) bool) func(seen) bool {
	return func(s seen) bool { return one(s) && other(s) }
}

// plainly returns the condition that the result has this verdict, whatever the reason.
func plainly(v probe.Verdict) func(seen) bool {
	return func(s seen) bool { return s.Verdict == v }
}

func unverified(s seen) bool {
	return !s.Check.Service.Verified && (s.grade == Warn || s.grade == Fail)
}

// wasEnded reports whether the end of the run cut the check short.
func (s seen) wasEnded() bool {
	return s.Obstacle == probe.Interrupted || s.Obstacle == probe.Deadline
}

// howFar says how far an untried check had come.
func (s seen) howFar() string {
	switch {
	case !s.wasEnded() || s.Tries == 0 || s.Step == protocol.Resolve:
		return "Not asked, so nothing is known of the server"
	case s.Step != protocol.Connect && s.Check.Service.Network == catalog.TCP:
		return "The port accepted the connection, but the run ended before the check was over"
	}
	return "Asked, but the run ended before the check was over"
}
