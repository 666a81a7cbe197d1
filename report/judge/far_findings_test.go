// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/protocol"
	"exreach/probe/tape"
	"exreach/report/judge/scene"
)

// farEnd gives a result what the far end saw of it.
func farEnd(s far.Sight) change { return func(r *probe.Result) { r.Far = &s } }

// arrived is a connection at the far end from an address.
func arrived(from string, halfOpen bool, received, sent int64) far.Came {
	return far.Came{From: netip.MustParseAddrPort(from), HalfOpen: halfOpen, Received: tape.Flow{Bytes: received}, Sent: tape.Flow{Bytes: sent}}
}

// marked is an answer with the mark of a stand-in.
func marked(r *probe.Result) {
	if r.Peer == nil {
		r.Peer = &protocol.Peer{}
	}
	r.Peer.StandIn = true
}

var (
	agrees      = farEnd(far.Sight{Dropped: -1})
	nothingCame = verdict(probe.TimedOut, "no reply")
	inspected   = far.Sight{Direction: far.Changed, Was: "220 mail01 ESMTP", Is: "220 ****", At: 4, Dropped: -1}
)

var farTests = []findingTest{
	{"never-arrived", Fail, Pass, all(nothingCame, source("10.77.1.2"), farEnd(far.Sight{Direction: far.NeverArrived, Dropped: -1})), all(nothingCame, agrees),
		[]string{"TCP 25 from 10.77.1.2 to 192.0.2.10 never arrived", "Ask the firewall administrator to allow TCP 25 from 10.77.1.2 (this computer) to 192.0.2.10."}},
	{"never-arrived", Fail, Pass, all(nothingCame, farEnd(far.Sight{Direction: far.NeverArrived, Why: far.BeforeHost})), nil, []string{"blocked on the way there"}},
	{"never-arrived", Fail, Pass, all(nothingCame, farEnd(far.Sight{Direction: far.NeverArrived, Why: far.AtTheHost, Dropped: 4})), nil,
		[]string{"did not reach the listener", "4 packets reached its host meanwhile, and no program saw them: its own firewall may have dropped them.", "Allow TCP 25 in the firewall of 192.0.2.10 itself"}},
	{"never-arrived", Warn, Pass, all(want(catalog.Optional), nothingCame, farEnd(far.Sight{Direction: far.NeverArrived})), nil, []string{"If the service is in use"}},
	{"answer-lost", Fail, Pass, all(nothingCame, source("10.77.1.2"), farEnd(far.Sight{Direction: far.AnswerLost, Came: []far.Came{arrived("10.77.1.2:50123", true, 0, 0)}})), nil,
		[]string{"TCP 25 from 10.77.1.2 to 192.0.2.10 arrived (half-open", "never came back", "from 192.0.2.10 back to 10.77.1.2", "asymmetric"}},
	{"answer-lost", Fail, Pass, all(verdict(probe.Silent, ""), source("10.77.1.2"), farEnd(far.Sight{Direction: far.AnswerLost, Why: far.LargeOnly, Came: []far.Came{arrived("198.51.100.9:1", false, 71, 1500)}})), nil,
		[]string{"71 bytes received there, 1500 bytes sent back", "NAT", "198.51.100.9", "MTU", "fragmentation needed"}},
	{"bytes-changed", Warn, Pass, farEnd(inspected), agrees, []string{"other bytes came back from there", `"220 mail01 ESMTP"`, `"220 ****"`, "exempt TCP 25"}},
	{"bytes-changed", Fail, Pass, all(verdict(probe.Mismatch, ""), farEnd(inspected)), nil, []string{"changed on the way"}},
	{"bytes-changed", Warn, Pass, all(from("mailbox"), farEnd(inspected)), nil, []string{`"never alter bits on the wire"`}},
	{"bytes-changed", Warn, Pass, farEnd(far.Sight{Direction: far.Changed, Why: far.CertificateChanged, Was: "CN=far", Is: "CN=proxy"}), nil, []string{"opens TLS", "CN=proxy", "TLS inspection"}},
	{"bytes-changed", Warn, Pass, farEnd(far.Sight{Direction: far.Changed, Why: far.StartTLSGone}), nil, []string{"offered STARTTLS"}},
	{"answered-by-other", Fail, Pass, farEnd(far.Sight{Direction: far.AnsweredByOther}), agrees, []string{"knows nothing of it", "transparent proxy"}},
	{"answered-by-other", Warn, Pass, all(want(catalog.Optional), verdict(probe.Mismatch, ""), farEnd(far.Sight{Direction: far.AnsweredByOther})), nil, nil},
	{"far-unknown", Fail, Pass, all(verdict(probe.Refused, ""), farEnd(far.Sight{Direction: far.NoDirection, Why: far.NotOpen, Note: "permission denied"})), nil, []string{"does not have TCP 25 open", "permission denied."}},
	{"far-unknown", Pass, Pass, farEnd(far.Sight{Direction: far.NoDirection, Why: far.ClocksApart}), agrees, []string{"clocks"}},
	{"port-held", Pass, Pass, farEnd(far.Sight{Holder: "svchost.exe (RpcSs)"}), agrees, []string{"TCP 25 is reached", "svchost.exe (RpcSs) answers there"}},
	{"stand-in", Pass, Warn, marked, nil, []string{"stand-in of exreach (exreach listen), not from Exchange", "check again without the stand-in"}},
}

// What the far end says is no word to run: it is quoted, and no hint has it.
func TestFarWordsAreNoCommands(t *testing.T) {
	const evil = "`rm -rf /`; $(reboot)\x1b[2J"
	for _, d := range far.Directions() {
		for _, v := range []probe.Verdict{probe.Answered, probe.TimedOut} {
			r := healthy("smtp", 25)
			r.Verdict, r.Far = v, &far.Sight{Direction: d, Holder: evil, Was: evil, Is: evil, Note: evil}
			for _, f := range alone(r).Findings {
				if strings.Contains(f.Hint, "rm -rf") || strings.Contains(f.Text, "\x1b") {
					t.Errorf("%s of %s: %q -> %q", f.Code, d, f.Text, f.Hint)
				}
			}
		}
	}
}

// The finding stand-in stands once for each address of a host.
func TestStandInOncePerAddress(t *testing.T) {
	s := &scene.Scene{Host: "far", Version: "2019", Role: "mailbox", Address: "192.0.2.10"}
	s.Add("smtp", 25, nil)
	s.Add("pop3", 110, marked)
	s.Add("owa", 443, marked)
	s.At("192.0.2.11").Add("smtp", 25, marked)
	var at []string
	for _, row := range judged(s.Results) {
		if _, found := finding(row, "stand-in"); found {
			at = append(at, row.Address.String()+" "+row.Check.Service.Name)
		}
	}
	if want := []string{"192.0.2.10 pop3", "192.0.2.11 smtp"}; !slices.Equal(at, want) {
		t.Errorf("the finding is at %q, want %q", at, want)
	}
}

// A mark proves nothing: no grade is better with it, and no care is better than a warning.
func TestMarkImprovesNothing(t *testing.T) {
	for _, test := range allFindingTests() {
		plain, with := healthy("smtp", 25), healthy("smtp", 25)
		test.sick(&plain)
		test.sick(&with)
		marked(&with)
		was, is := alone(plain), alone(with)
		if is.Grade != was.Grade || Compare(is.Care, was.Care) < 0 {
			t.Errorf("%s: grade %s and care %s, and %s and %s with the mark", test.code, was.Grade, was.Care, is.Grade, is.Care)
		}
	}
}

// The certificate of a stand-in is not to be trusted, and with a contact that is no care; that
// it expired is one, because a listener shows none that did. A mark alone hides nothing.
func TestStandInCares(t *testing.T) {
	for code, test := range map[string]struct {
		change change
		told   bool
	}{
		"certificate-untrusted":     {foreignCert, false},
		"certificate-self-signed":   {selfSignedCert, false},
		"certificate-name-mismatch": {otherNameCert, false},
		"certificate-expired":       {expiry(-1), true},
	} {
		r := healthy("owa", 443)
		all(test.change, marked)(&r)
		if _, told := finding(alone(r), code); !told {
			t.Errorf("%s is not told, by a mark without a contact", code)
		}
		r.Far = &far.Sight{}
		if _, told := finding(alone(r), code); told != test.told {
			t.Errorf("%s is told: %t", code, told)
		}
	}
}

// What a join adds is what a contact would have shown, and lifts no grade.
func TestWithFar(t *testing.T) {
	for _, v := range Verdicts() {
		for _, d := range append(far.Directions(), "") {
			for _, grade := range Grades() {
				r := healthy("smtp", 25)
				r.Verdict, r.Far = v, &far.Sight{Direction: d, Dropped: -1}
				found, with := WithFar(r, grade, nil)
				if Compare(with, grade) < 0 || with == Unknown && grade != Unknown {
					t.Errorf("%s, %s: %s becomes %s", v, d, grade, with)
				}
				if len(found) > 1 || d == "" && len(found) > 0 {
					t.Errorf("%s, %s: %+v", v, d, found)
				}
			}
		}
	}
}
