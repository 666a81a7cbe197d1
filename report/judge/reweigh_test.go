// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/judge/scene"
)

// A result that was saved without weights has the grade, the care and the weights again
// that it is given today.
func TestReweigh(t *testing.T) {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	expire := certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.NotAfter = began.AddDate(0, 0, -2) })
	s.Add("owa", 443, all(implicit, expire))                                                     // fails for people
	s.Add("imap4s", 993, all(want(catalog.Optional), implicit, certificate(selfSign), expire))   // warns
	s.Add("smtp", 25, all(verdict(probe.Mismatch, "no SMTP")))                                   // grade alone
	s.Add("ldap", 389, all(want(catalog.Forbidden)))                                             // exposed
	s.Add("pop3", 110, all(want(catalog.Off), verdict(probe.Cut, "hung up after the greeting"))) // warns
	s.Host, s.From, s.Address = "hub01.contoso.com", "hub", "192.0.2.11"
	s.Add("owa", 443, all(implicit, certificate(selfSign))) // a note among servers
	for _, r := range judged(slices.Concat(s.Results, network())) {
		old := slices.Clone(r.Findings)
		for i := range old {
			old[i].Weight, old[i].WeighsOn = "", ""
		}
		grade, care := Reweigh(r.Check.Want, r.Verdict, worse(r.Grade, r.Care), old)
		if diff := cmp.Diff(fmt.Sprint(r.Grade, r.Care, r.Findings), fmt.Sprint(grade, care, old)); diff != "" {
			t.Errorf("%s of %s (- today, + of old):\n%s", r.Check.Service.Name, r.Check.Host, diff)
		}
	}
}

// What the rules of today do not explain is taken at its word: no result gets better because
// its code is not known any more, and none gets worse.
func TestReweighUnknown(t *testing.T) {
	for _, test := range []struct {
		want        catalog.Want
		verdict     probe.Verdict
		worst       Grade
		code        string
		grade, care Grade
	}{
		{catalog.Required, probe.Answered, Warn, "no-longer-known", Warn, Pass},
		{catalog.Required, probe.Answered, Fail, "certificate-expires-soon", Fail, Warn},
		{catalog.Required, probe.Answered, Pass, "certificate-expired", Pass, Pass},
		{catalog.Required, probe.Refused, Pass, "one-is-enough", Pass, Pass},
		{catalog.Required, probe.Refused, Fail, "one-is-enough", Fail, Pass},
		{catalog.Required, probe.Refused, Unknown, "not-judged", Unknown, Pass},
		{catalog.Optional, probe.TimedOut, Pass, "timed-out", Pass, Pass},
	} {
		grade, care := Reweigh(test.want, test.verdict, test.worst, []Finding{{Code: test.code}})
		if grade != test.grade || care != test.care {
			t.Errorf("%+v: grade %s, care %s", test, grade, care)
		}
	}
}
