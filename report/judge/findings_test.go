// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/probe/protocol/tls12"
)

type change = func(*probe.Result)

func from(name string) change {
	return func(r *probe.Result) { r.Check.From = name }
}

func source(address string) change {
	return func(r *probe.Result) { r.Source = netip.MustParseAddr(address) }
}

func at(address string) change {
	return func(r *probe.Result) { r.Address = netip.MustParseAddr(address) }
}

func saidBy(address string) change {
	return func(r *probe.Result) { r.SaidBy = netip.MustParseAddr(address) }
}

func witness(port uint16, answers bool) change {
	return func(r *probe.Result) { r.Witness = &probe.Witness{Port: port, Answers: answers} }
}

func fact(name, value string) change {
	return func(r *probe.Result) { r.Peer = &protocol.Peer{Facts: map[string]string{name: value}} }
}

func unhealthyPage(said string) change {
	return func(r *probe.Result) {
		r.Peer = &protocol.Peer{Facts: map[string]string{"health": said}, Web: &web.Web{Unhealthy: true}}
	}
}

func starttls(r *probe.Result) { r.Check.Service.TLS = catalog.StartTLS }

func refusal(r *probe.Result) { r.Peer = &protocol.Peer{Refusal: "421 4.3.2 Service not available"} }

func expiry(d time.Duration) change {
	return all(implicit, certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotAfter = began.Add(d) }))
}

func start(d time.Duration) change {
	return all(implicit, certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotBefore = began.Add(d) }))
}

var (
	selfSignedCert = all(implicit, certificate(selfSign))
	foreignCert    = all(implicit, certificate(func(t *protocol.TLSInfo, _ *tls12.Certificate) {
		t.Trusted, t.TrustError = false, "x509: certificate signed by unknown authority"
	}))
	otherNameCert = all(implicit, certificate(func(t *protocol.TLSInfo, _ *tls12.Certificate) { t.NameMatches = false }))
)

func tlsVersion(name string) change {
	return all(implicit, certificate(func(t *protocol.TLSInfo, _ *tls12.Certificate) { t.Version = name }))
}

func behind(names ...string) change {
	return func(r *probe.Result) {
		for _, name := range names {
			r.Check.Behind = append(r.Check.Behind, catalog.Check{Service: catalog.Service{Name: name}})
		}
	}
}

func unconfirmed(r *probe.Result) {
	r.Check.Service.Verified, r.Check.Service.Note = false, "Seen on one server only."
}

func portless(r *probe.Result) { r.Port, r.Check.Service.Ports = 0, catalog.Ports{} }

type findingTest struct {
	code    string
	grade   Grade // of the sick
	care    Grade // of the sick
	sick    change
	healthy change // nil for nothing wrong
	says    []string
}

// Each finding is there on the sick and absent on the healthy, which differs in
// one thing. The text holds what a reader looks for.
var findingTests = []findingTest{
	{"exposed", Fail, Pass,
		all(want(catalog.Forbidden), func(r *probe.Result) { r.Check.Service.Exposure = "It tells strangers too much" }),
		want(catalog.Optional), []string{"It tells strangers too much.", "Block TCP 25 to 192.0.2.10"}},
	{"exposed", Fail, Pass, all(want(catalog.Forbidden), verdict(probe.Silent, "")), all(want(catalog.Forbidden), verdict(probe.Refused, "")),
		[]string{"from this computer, checking as client"}},
	{"exposed", Fail, Pass, all(want(catalog.Forbidden), source("10.77.1.2")), all(source("10.77.1.2")), []string{"Reachable from 10.77.1.2 (this computer), checking as client"}},
	{"shunned", Fail, Pass, all(verdict(probe.TimedOut, ""), witness(443, false)), all(verdict(probe.TimedOut, ""), witness(443, true)),
		[]string{"TCP 443 of 192.0.2.10, which had answered before, stopped answering too", "--gentle"}},
	{"timed-out", Fail, Pass, verdict(probe.TimedOut, ""), nil,
		[]string{"Something on the path drops the packets or the host is down (FILTERED in PortQry's words).", "Ask the firewall administrator to allow TCP 25 from this computer to 192.0.2.10."}},
	{"timed-out", Warn, Pass, all(want(catalog.Optional), verdict(probe.TimedOut, "")), all(want(catalog.Off), verdict(probe.TimedOut, "")),
		[]string{"If the service is in use, ask the firewall administrator to allow TCP 25"}},
	{"timed-out", Fail, Pass, all(verdict(probe.TimedOut, ""), func(r *probe.Result) { r.Check.Service.Network = catalog.UDP }), nil,
		[]string{"the service does not answer unknown clients", "open|filtered", "UDP 25"}},
	{"refused", Fail, Pass, verdict(probe.Refused, ""), all(want(catalog.Optional), verdict(probe.Refused, "")), []string{"NOT LISTENING", "Start the service"}},
	{"refused", Fail, Pass, all(verdict(probe.Refused, ""), asDatagram), nil, []string{"or a firewall rejects it."}},
	{"refused", Fail, Pass, all(verdict(probe.Refused, ""), saidBy("192.0.2.254")), nil, []string{"192.0.2.254 on the path", "the administrator of 192.0.2.254"}},
	{"prohibited", Fail, Pass, all(verdict(probe.Prohibited, ""), saidBy("192.0.2.254")), nil, []string{"192.0.2.254 says", "the administrator of 192.0.2.254"}},
	{"prohibited", Fail, Pass, all(verdict(probe.Prohibited, ""), saidBy("192.0.2.10")), nil, []string{"192.0.2.10 itself", "the server's own firewall"}},
	{"prohibited", Fail, Pass, verdict(probe.Prohibited, ""), all(want(catalog.Forbidden), verdict(probe.Prohibited, "")), []string{"A firewall or router says"}},
	{"unreachable", Fail, Pass, all(verdict(probe.Unreachable, ""), saidBy("192.0.2.254")), nil, []string{"192.0.2.254 reports", "follow the path", wordsOf(runtime.GOOS)["{path}"] + " 192.0.2.10"}},
	{"mismatch", Fail, Pass, all(verdict(probe.Mismatch, ""), func(r *probe.Result) { r.Evidence = "SSH-2.0-x" }), nil, []string{"TCP 25", "It said: SSH-2.0-x"}},
	{"silent", Fail, Pass, verdict(probe.Silent, ""), nil, []string{"nothing came in time"}},
	{"cut", Warn, Pass, all(want(catalog.Optional), verdict(probe.Cut, "")), nil, []string{"reset as soon as it was established"}},
	{"bad-tls", Fail, Pass, verdict(probe.BadTLS, ""), nil, []string{"Get-ExchangeCertificate"}},
	{"unresolved", Unknown, Pass, verdict(probe.Unresolved, "the name has no address"), nil, []string{"nslookup mail01.contoso.com"}},
	{"untried", Unknown, Pass, verdict(probe.Untried, "too many open files"), nil, []string{"too many open files.", "this machine first"}},
	{"rpc-not-registered", Fail, Pass, all(child("mapper"), portless, verdict(probe.Refused, "")), all(child("mapper"), verdict(probe.Refused, "")),
		[]string{"EMSMDB (a4f1db00", "stopped"}},
	{"udp-not-known", Unknown, Pass, all(verdict(probe.TimedOut, ""), udp, ofAny), all(verdict(probe.TimedOut, ""), udp), []string{"open|filtered", "without content"}},
	{"timed-out", Fail, Pass, all(verdict(probe.TimedOut, ""), ofAny), nil, []string{"FILTERED"}},
	{"dynamic-port-blocked", Fail, Pass, all(child("mapper"), verdict(probe.TimedOut, ""), func(r *probe.Result) { r.Check.Service.Note = "Set RpcTcpPort." }),
		verdict(probe.TimedOut, ""), []string{"TCP 25", "Set RpcTcpPort."}},
	{"rpc-behind-not-asked", Fail, Pass, all(behind("mapi-rpc", "rfr"), verdict(probe.TimedOut, "")), behind("mapi-rpc"), []string{"mapi-rpc, rfr"}},
	{"service-refuses", Fail, Pass, refusal, nil, []string{"421 4.3.2 Service not available."}},
	{"service-refuses", Warn, Pass, all(want(catalog.Off), refusal), nil, nil},
	{"health-page", Warn, Pass, unhealthyPage("503 Service Unavailable"), fact("health", "200 OK"), []string{"503 Service Unavailable"}},
	{"health-page", Warn, Pass, unhealthyPage("200, with a page of something else"), fact("health", "200 OK, MAIL01.contoso.com"), nil},
	{"health-page", Warn, Pass, unhealthyPage("no answer in time"), fact("health", "not asked: the connection was closed"), nil},
	{"starttls-missing", Pass, Warn, all(starttls, fact("starttls", "not offered")), fact("starttls", "not offered"), []string{"not offered", "Either the service has no certificate"}},
	{"certificate-expired", Pass, Fail, expiry(-48 * time.Hour), implicit, []string{"2026-02-28", "2 days ago"}},
	{"certificate-expired", Pass, Warn, all(expiry(-48*time.Hour), from("mailbox")), implicit, nil},
	{"certificate-expired", Pass, Warn, all(expiry(-48*time.Hour), want(catalog.Optional)), implicit, nil},
	{"certificate-not-yet-valid", Pass, Fail, start(24 * time.Hour), implicit, []string{"2026-03-03", "in 1 day:"}},
	{"certificate-not-yet-valid", Pass, Warn, all(start(time.Hour), from("hub")), implicit, []string{"less than a day"}},
	{"certificate-expires-soon", Pass, Warn, expiry(21 * 24 * time.Hour), expiry(22 * 24 * time.Hour), []string{"in 21 days"}},
	{"certificate-expires-soon", Pass, Warn, expiry(time.Hour), expiry(-time.Hour), nil},
	{"certificate-name-mismatch", Pass, Warn, otherNameCert, all(otherNameCert, func(r *probe.Result) { r.Check.Host = "192.0.2.10" }),
		[]string{"not for mail01.contoso.com", "autodiscover.contoso.com"}},
	{"certificate-name-mismatch", Pass, Pass, all(otherNameCert, from("mailbox")), all(implicit, from("mailbox")), nil},
	{"certificate-self-signed", Pass, Warn, selfSignedCert, foreignCert, []string{"Assign a certificate"}},
	{"certificate-self-signed", Pass, Pass, all(selfSignedCert, from("edge")), implicit, []string{"Nothing to do"}},
	{"certificate-untrusted", Pass, Warn, foreignCert, selfSignedCert, []string{"CN=Contoso CA", "unknown authority"}},
	{"certificate-untrusted", Pass, Pass, all(foreignCert, from("back-end")), implicit, nil},
	{"unverified-row", Fail, Pass, all(unconfirmed, verdict(probe.Refused, "")), unconfirmed, []string{"Seen on one server only."}},
}

// allFindingTests are the tests of what one result shows by itself.
func allFindingTests() []findingTest {
	return slices.Concat(findingTests, smtpTests, loginTests, tlsTests, tlsFailureTests, untriedTests, httpTests, directoryTests, rpcTests, versionTests, talkTests, nameTests, limitTests, peerWordTests, farTests)
}

func TestFindings(t *testing.T) {
	for _, test := range allFindingTests() {
		sick, healthy := healthy("smtp", 25), healthy("smtp", 25)
		test.sick(&sick)
		if test.healthy != nil {
			test.healthy(&healthy)
		}
		e := alone(sick)
		f, found := finding(e, test.code)
		if !found {
			t.Errorf("%s: not found on the sick: %+v", test.code, e.Findings)
			continue
		}
		if e.Grade != test.grade || e.Care != test.care {
			t.Errorf("%s: grade %s, care %s, want %s, %s", test.code, e.Grade, e.Care, test.grade, test.care)
		}
		checkWeights(t, e)
		checkSays(t, f, test.says)
		if f, found := finding(alone(healthy), test.code); found {
			t.Errorf("%s: found on the healthy: %s", test.code, f.Text)
		}
	}
}

// checkWeights checks that the worst findings of a row weigh as much as its grade and its
// care: they explain both.
func checkWeights(t *testing.T, e Row) {
	t.Helper()
	worst := map[Scale]Grade{OnGrade: Pass, OnCare: Pass}
	for _, f := range e.Findings {
		if !slices.Contains(Grades(), f.Weight) || (f.Weight == Pass) != (f.WeighsOn == "") {
			t.Errorf("%s of %s weighs %q on %q", f.Code, e.Check.Service.Name, f.Weight, f.WeighsOn)
		}
		if was := worst[f.WeighsOn]; f.Weight == Unknown || was != Unknown && worse(was, f.Weight) != was {
			worst[f.WeighsOn] = f.Weight
		}
	}
	if worst[OnGrade] != e.Grade || worst[OnCare] != e.Care {
		t.Errorf("%s has grade %s and care %s, and findings that weigh %v: %+v", e.Check.Service.Name, e.Grade, e.Care, worst, e.Findings)
	}
}

// checkSays wants the words in what a finding tells, and whole sentences.
func checkSays(t *testing.T, f Finding, says []string) {
	t.Helper()
	for _, words := range says {
		if !strings.Contains(f.Text+" "+f.Hint, words) {
			t.Errorf("%s does not say %q: %s -> %s", f.Code, words, f.Text, f.Hint)
		}
	}
	for _, text := range []string{f.Text, f.Hint} {
		if text == "" || strings.Contains(text, "  ") || strings.Contains(text, "%!") {
			t.Errorf("%s says %q", f.Code, text)
		}
	}
}

func TestFindingsAllTested(t *testing.T) {
	tested := map[string]bool{"not-judged": true} // TestInterruptedJudging
	for _, test := range allFindingTests() {
		tested[test.code] = true
	}
	for _, test := range slices.Concat(hostTests, limitHostTests) {
		tested[test.code] = true
	}
	for _, code := range codesOf(explanations, observations, caring()) {
		if !tested[code] {
			t.Errorf("finding %s has no test", code)
		}
	}
}

// TestFindingsWeigh: what explains a grade weighs as much as that, what is seen beside it
// weighs on the grade only where it bears on reachability, and a note weighs on nothing.
func TestFindingsWeigh(t *testing.T) {
	for _, test := range []struct {
		code   string
		sick   change
		weight Grade
		on     Scale
	}{
		{"timed-out", verdict(probe.TimedOut, ""), Fail, OnGrade},
		{"timed-out", all(want(catalog.Optional), verdict(probe.TimedOut, "")), Warn, OnGrade},
		{"unresolved", verdict(probe.Unresolved, ""), Unknown, OnGrade},
		{"exposed", want(catalog.Forbidden), Fail, OnGrade},
		{"connection-limit", all(verdict(probe.Refused, ""), crowded(probe.Refused, 12)), Unknown, OnGrade},
		{"connection-limit", crowded(probe.Refused, 5), Pass, ""},
		{"smtp-banner-masked", all(smtp(""), verdict(probe.Mismatch, ""), evidence(masked)), Fail, OnGrade},
		{"smtp-banner-masked", smtp(masked), Warn, OnCare},
		{"service-refuses", refusal, Fail, OnGrade},
		{"service-refuses", all(want(catalog.Off), refusal), Warn, OnGrade},
		{"health-page", unhealthyPage("503 Service Unavailable"), Warn, OnGrade},
		{"unverified-row", all(unconfirmed, verdict(probe.Refused, "")), Pass, ""},
		{"certificate-expired", expiry(-time.Hour), Fail, OnCare},
		{"certificate-expired", all(expiry(-time.Hour), from("mailbox")), Warn, OnCare},
		{"certificate-untrusted", foreignCert, Warn, OnCare},
		{"certificate-untrusted", all(foreignCert, from("mailbox")), Pass, ""},
	} {
		r := healthy("smtp", 25)
		test.sick(&r)
		if f, _ := finding(alone(r), test.code); f.Weight != test.weight || f.WeighsOn != test.on {
			t.Errorf("%s: weighs %q on %q, want %q on %q", test.code, f.Weight, f.WeighsOn, test.weight, test.on)
		}
	}
}

// What must not be reached is not looked at any further, and a healthy row has
// nothing to tell.
func TestNoFindings(t *testing.T) {
	for name, change := range map[string]change{
		"healthy":           implicit,
		"trusted self-sign": all(selfSignedCert, certificate(func(t *protocol.TLSInfo, _ *tls12.Certificate) { t.Trusted = true })),
		"off and closed":    all(want(catalog.Off), verdict(probe.Refused, "")),
		"forbidden, closed": all(want(catalog.Forbidden), behind("mapi-rpc"), verdict(probe.TimedOut, "")),
	} {
		r := healthy("smtp", 25)
		change(&r)
		if e := alone(r); len(e.Findings) > 0 || e.Grade != Pass || e.Care != Pass {
			t.Errorf("%s: %s, care %s, %+v", name, e.Grade, e.Care, e.Findings)
		}
	}
	r := healthy("smtp", 25)
	all(selfSignedCert, refusal, want(catalog.Forbidden))(&r)
	if e := alone(r); len(e.Findings) != 1 {
		t.Errorf("exposed: more than that is told: %+v", e.Findings)
	}
}

// A verdict has one explanation.
func TestFindingsOneExplanation(t *testing.T) {
	for name, change := range map[string]change{
		"rpc-not-registered":   all(child("mapper"), portless, verdict(probe.Refused, "")),
		"dynamic-port-blocked": all(child("mapper"), verdict(probe.Prohibited, "")),
	} {
		r := healthy("mapi-rpc", 59532)
		change(&r)
		if e := alone(r); len(e.Findings) != 1 || e.Findings[0].Code != name {
			t.Errorf("%s is not alone: %+v", name, e.Findings)
		}
	}
}

func finding(e Row, code string) (Finding, bool) {
	i := slices.IndexFunc(e.Findings, func(f Finding) bool { return f.Code == code })
	if i < 0 {
		return Finding{}, false
	}
	return e.Findings[i], true
}

func TestListed(t *testing.T) {
	names := strings.Split("a b c d e f g h", " ")
	if got := listed(names[:6]); got != "a, b, c, d, e, f" {
		t.Error(got)
	}
	if got := listed(names); got != "a, b, c, d, e, f and 2 more" {
		t.Error(got)
	}
}
