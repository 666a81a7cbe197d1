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
	sick    change
	healthy change // nil for nothing wrong
	says    []string
}

// Each finding is there on the sick and absent on the healthy, which differs in
// one thing. The text holds what a reader looks for.
var findingTests = []findingTest{
	{"exposed", Fail,
		all(want(catalog.Forbidden), func(r *probe.Result) { r.Check.Service.Exposure = "It tells strangers too much" }),
		want(catalog.Optional), []string{"It tells strangers too much.", "Block TCP 25 to 192.0.2.10"}},
	{"exposed", Fail, all(want(catalog.Forbidden), verdict(probe.Silent, "")), all(want(catalog.Forbidden), verdict(probe.Refused, "")),
		[]string{"from this computer, checking as client"}},
	{"exposed", Fail, all(want(catalog.Forbidden), source("10.77.1.2")), all(source("10.77.1.2")), []string{"Reachable from 10.77.1.2 (this computer), checking as client"}},
	{"shunned", Fail, all(verdict(probe.TimedOut, ""), witness(443, false)), all(verdict(probe.TimedOut, ""), witness(443, true)),
		[]string{"TCP 443 of 192.0.2.10, which had answered before, stopped answering too", "--gentle"}},
	{"timed-out", Fail, verdict(probe.TimedOut, ""), nil,
		[]string{"2 connection attempts over 7.0 s", "FILTERED", "Ask the firewall administrator to allow TCP 25 from this computer to 192.0.2.10."}},
	{"timed-out", Warn, all(want(catalog.Optional), verdict(probe.TimedOut, "")), all(want(catalog.Off), verdict(probe.TimedOut, "")),
		[]string{"If the service is in use, ask the firewall administrator to allow TCP 25"}},
	{"timed-out", Fail, all(verdict(probe.TimedOut, ""), func(r *probe.Result) { r.Check.Service.Network = catalog.UDP }), nil,
		[]string{"2 requests", "open|filtered", "UDP 25"}},
	{"refused", Fail, verdict(probe.Refused, ""), all(want(catalog.Optional), verdict(probe.Refused, "")), []string{"NOT LISTENING", "Start the service"}},
	{"refused", Fail, all(verdict(probe.Refused, ""), saidBy("192.0.2.254")), nil, []string{"192.0.2.254 on the path", "the administrator of 192.0.2.254"}},
	{"prohibited", Fail, all(verdict(probe.Prohibited, ""), saidBy("192.0.2.254")), nil, []string{"192.0.2.254 says", "the administrator of 192.0.2.254"}},
	{"prohibited", Fail, all(verdict(probe.Prohibited, ""), saidBy("192.0.2.10")), nil, []string{"192.0.2.10 itself", "the server's own firewall"}},
	{"prohibited", Fail, verdict(probe.Prohibited, ""), all(want(catalog.Forbidden), verdict(probe.Prohibited, "")), []string{"A firewall or router says"}},
	{"unreachable", Fail, all(verdict(probe.Unreachable, ""), saidBy("192.0.2.254")), nil, []string{"192.0.2.254 reports", "follow the path", wordsOf(runtime.GOOS)["{path}"] + " 192.0.2.10"}},
	{"mismatch", Fail, all(verdict(probe.Mismatch, ""), func(r *probe.Result) { r.Evidence = "SSH-2.0-x" }), nil, []string{"TCP 25", "It said: SSH-2.0-x"}},
	{"silent", Fail, verdict(probe.Silent, ""), nil, []string{"nothing came in time"}},
	{"cut", Warn, all(want(catalog.Optional), verdict(probe.Cut, "")), nil, []string{"reset as soon as it was established"}},
	{"bad-tls", Fail, verdict(probe.BadTLS, ""), nil, []string{"Get-ExchangeCertificate"}},
	{"unresolved", Unknown, verdict(probe.Unresolved, "the name has no address"), nil, []string{"nslookup mail01.contoso.com"}},
	{"untried", Unknown, verdict(probe.Untried, "too many open files"), nil, []string{"too many open files.", "this machine first"}},
	{"rpc-not-registered", Fail, all(child("mapper"), portless, verdict(probe.Refused, "")), all(child("mapper"), verdict(probe.Refused, "")),
		[]string{"EMSMDB (a4f1db00", "stopped"}},
	{"dynamic-port-blocked", Fail, all(child("mapper"), verdict(probe.TimedOut, ""), func(r *probe.Result) { r.Check.Service.Note = "Set RpcTcpPort." }),
		verdict(probe.TimedOut, ""), []string{"TCP 25", "Set RpcTcpPort."}},
	{"rpc-behind-not-asked", Fail, all(behind("mapi-rpc", "rfr"), verdict(probe.TimedOut, "")), behind("mapi-rpc"), []string{"mapi-rpc, rfr"}},
	{"service-refuses", Fail, refusal, nil, []string{"421 4.3.2 Service not available."}},
	{"service-refuses", Warn, all(want(catalog.Off), refusal), nil, nil},
	{"health-page", Warn, unhealthyPage("503 Service Unavailable"), fact("health", "200 OK"), []string{"503 Service Unavailable"}},
	{"health-page", Warn, unhealthyPage("200, with a page of something else"), fact("health", "200 OK, MAIL01.contoso.com"), nil},
	{"health-page", Warn, unhealthyPage("no answer in time"), fact("health", "not asked: the connection was closed"), nil},
	{"starttls-missing", Warn, all(starttls, fact("starttls", "not offered")), fact("starttls", "not offered"), []string{"not offered", "Either the service has no certificate"}},
	{"certificate-expired", Fail, expiry(-48 * time.Hour), implicit, []string{"2026-02-28", "2 days ago"}},
	{"certificate-expired", Warn, all(expiry(-48*time.Hour), from("mailbox")), implicit, nil},
	{"certificate-expired", Warn, all(expiry(-48*time.Hour), want(catalog.Optional)), implicit, nil},
	{"certificate-not-yet-valid", Fail, start(24 * time.Hour), implicit, []string{"2026-03-03", "in 1 day:"}},
	{"certificate-not-yet-valid", Warn, all(start(time.Hour), from("hub")), implicit, []string{"less than a day"}},
	{"certificate-expires-soon", Warn, expiry(21 * 24 * time.Hour), expiry(22 * 24 * time.Hour), []string{"in 21 days"}},
	{"certificate-expires-soon", Warn, expiry(time.Hour), expiry(-time.Hour), nil},
	{"certificate-name-mismatch", Warn, otherNameCert, all(otherNameCert, func(r *probe.Result) { r.Check.Host = "192.0.2.10" }),
		[]string{"not for mail01.contoso.com", "autodiscover.contoso.com"}},
	{"certificate-name-mismatch", Pass, all(otherNameCert, from("mailbox")), all(implicit, from("mailbox")), nil},
	{"certificate-self-signed", Warn, selfSignedCert, foreignCert, []string{"Assign a certificate"}},
	{"certificate-self-signed", Pass, all(selfSignedCert, from("edge")), implicit, []string{"Nothing to do"}},
	{"certificate-untrusted", Warn, foreignCert, selfSignedCert, []string{"CN=Contoso CA", "unknown authority"}},
	{"certificate-untrusted", Pass, all(foreignCert, from("back-end")), implicit, nil},
	{"unverified-row", Fail, all(unconfirmed, verdict(probe.Refused, "")), unconfirmed, []string{"Seen on one server only."}},
}

// allFindingTests are the tests of what one result shows by itself.
func allFindingTests() []findingTest {
	return slices.Concat(findingTests, smtpTests, loginTests, tlsTests, tlsFailureTests, untriedTests, httpTests, directoryTests, rpcTests, versionTests, talkTests, nameTests, limitTests, peerWordTests)
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
		if e.Grade != test.grade {
			t.Errorf("%s: grade %s, want %s", test.code, e.Grade, test.grade)
		}
		checkSays(t, f, test.says)
		if f, found := finding(alone(healthy), test.code); found {
			t.Errorf("%s: found on the healthy: %s", test.code, f.Text)
		}
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
	for _, r := range slices.Concat(explanations, observations) {
		if !tested[r.code] {
			t.Errorf("finding %s has no test", r.code)
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
		if e := alone(r); len(e.Findings) > 0 || e.Grade != Pass {
			t.Errorf("%s: %s %+v", name, e.Grade, e.Findings)
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
