// SPDX-License-Identifier: Apache-2.0

package report

import (
	"slices"
	"strings"
	"time"

	"exreach/catalog"
	"exreach/probe"
)

// A rule is one kind of finding: when it is made, what it says, and the best
// grade that a result with it can have.
type rule struct {
	code  string // stable: other tools match it
	grade Grade
	when  func(seen) bool
	say   func(seen) (text, hint string)
}

// note is the grade of a finding that explains and changes no grade.
const note = Pass

// rules is every finding, in the order in which they are told. A code stands
// twice where its weight depends on who asks; its first rule that applies holds.
var rules = []rule{
	{"exposed", Fail, exposed, sayExposed},
	{"rpc-not-registered", note, notRegistered, sayNotRegistered},
	{"dynamic-port-blocked", note, dynamicPortBlocked, sayDynamicPortBlocked},
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
	{"rpc-behind-not-asked", note, behindNotAsked, sayBehindNotAsked},
	{"service-refuses", Fail, refusesRequired, sayRefuses},
	{"service-refuses", Warn, refuses, sayRefuses},
	{"health-page", Warn, unhealthy, sayUnhealthy},
	{"starttls-missing", Warn, startTLSMissing, sayStartTLSMissing},
	{"tls-old", Warn, oldTLS, sayOldTLS},
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
	{"unverified-row", note, unverified, sayUnverified},
}

// A seen is a result as the rules look at it.
type seen struct {
	probe.Result
	grade   Grade     // by want and verdict alone
	started time.Time // of the run: certificates are judged as of then
}

// find applies the rules. The grade is the worst of the result's own and those
// of its findings.
func find(s seen) ([]Finding, Grade) {
	var found []Finding
	grade := s.grade
	for _, r := range rules {
		told := slices.ContainsFunc(found, func(f Finding) bool { return f.Code == r.code })
		if told || !r.when(s) {
			continue
		}
		text, hint := r.say(s)
		found = append(found, Finding{Code: r.code, Text: text, Hint: hint})
		grade = worse(grade, r.grade)
	}
	return found, grade
}

// wanted reports whether somebody wants the service: what is wrong with one
// that must not be reached is nobody's concern.
func (s seen) wanted() bool { return s.Check.Want != catalog.Forbidden }

// exposed: a connect succeeded that must not.
func exposed(s seen) bool { return !s.wanted() && s.grade == Fail }

// plainly makes the condition of a verdict's own finding: the verdict is not as
// wanted, and no finding explains it better.
func plainly(v probe.Verdict) func(seen) bool {
	return func(s seen) bool {
		return s.Verdict == v && s.grade != Pass && !exposed(s) && !notRegistered(s) && !dynamicPortBlocked(s)
	}
}

// notRegistered: the endpoint mapper answered and does not list the interface,
// so that there was no port to dial.
func notRegistered(s seen) bool {
	return s.Parent != "" && s.Port == 0 && s.Verdict == probe.Refused && s.grade != Pass
}

// dynamicPortBlocked: the endpoint mapper answered, and the port that it named
// is filtered.
func dynamicPortBlocked(s seen) bool {
	filtered := s.Verdict == probe.TimedOut || s.Verdict == probe.Prohibited
	return s.Parent != "" && filtered && s.grade != Pass
}

func behindNotAsked(s seen) bool {
	return len(s.Check.Behind) > 0 && s.Verdict != probe.Answered && s.wanted()
}

func refuses(s seen) bool { return s.Peer != nil && s.Peer.Refusal != "" && s.wanted() }

func refusesRequired(s seen) bool { return refuses(s) && s.Check.Want == catalog.Required }

// unhealthy: a login page answers 200, too, so the page's own words count. A
// page that could not be asked for says nothing.
func unhealthy(s seen) bool {
	page, known := s.fact("health")
	return known && !strings.HasPrefix(page, "200 OK") && !strings.HasPrefix(page, "not asked") && s.wanted()
}

// startTLSMissing: the protocols note under "starttls" why there was none.
func startTLSMissing(s seen) bool {
	_, noted := s.fact("starttls")
	return s.Check.Service.TLS == catalog.StartTLS && noted && s.Peer.TLS == nil && s.wanted()
}

func unverified(s seen) bool {
	return !s.Check.Service.Verified && (s.grade == Warn || s.grade == Fail)
}

// fact is what the protocol learned under a name.
func (s seen) fact(name string) (string, bool) {
	if s.Peer == nil {
		return "", false
	}
	value, known := s.Peer.Facts[name]
	return value, known
}
