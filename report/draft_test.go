// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// Results come in any order; the report is always the same.
func TestReportOrder(t *testing.T) {
	inOrder := draft(scene.Network())
	for seed := range uint64(20) {
		shuffled := scene.Network()
		random := rand.New(rand.NewPCG(seed, 0))
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(inOrder, draft(shuffled), asSaved); diff != "" {
			t.Fatalf("seed %d (- in order, + shuffled):\n%s", seed, diff)
		}
	}
}

func TestReportOrderRules(t *testing.T) {
	s := &scene.Scene{Host: "b", Version: "2010", Role: "client-access", Address: "10.0.0.9", From: "client"}
	sameOrder := func(r *probe.Result) { r.Order = 0 } // as its parent has
	s.Add("mapper", 135, nil)
	s.Add("https", 443, nil)
	s.Add("nspi", 6002, scene.All(scene.Child("mapper"), sameOrder))
	s.Add("emsmdb", 6001, scene.All(scene.Child("mapper"), sameOrder))
	s.Add("orphan", 6003, scene.All(scene.Child("nobody")))
	s.Address = "10.0.0.10"
	s.Add("mapper", 135, sameOrder)
	s.Address = "::1"
	s.Add("mapper", 135, sameOrder)
	s.Host, s.Address = "a", "10.0.0.1"
	s.Add("smtp", 25, nil)
	var got []string
	for _, e := range draft(s.Results).Results {
		got = append(got, fmt.Sprintf("%s %s %s", e.Host, e.Address, e.Service))
	}
	want := []string{
		"b 10.0.0.9 mapper", "b 10.0.0.9 emsmdb", "b 10.0.0.9 nspi", "b 10.0.0.9 https", "b 10.0.0.9 orphan",
		"b 10.0.0.10 mapper", "b ::1 mapper", "a 10.0.0.1 smtp",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

func TestEntry(t *testing.T) {
	r := scene.Healthy("rfr", 0)
	scene.All(scene.Child("mapper"), portless, scene.Verdict(probe.Refused, "not registered"), unconfirmed)(&r)
	r.Took, r.Steps, r.SaidBy = 1234567*time.Nanosecond, nil, netip.MustParseAddr("192.0.2.254")
	r.Check.Service.TLS, r.Evidence, r.Peer = "", "hello", &protocol.Peer{Greeting: "hello"}
	got := alone(r)
	want := content.Entry{
		Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Service: "rfr", Network: "tcp", Protocol: "tcp", TLS: "none",
		Want: "required", Address: "192.0.2.10", Verdict: "refused", Grade: judge.Fail, Care: judge.Pass, Step: "connect", Tries: 1, Took: 0.001235,
		Steps: []content.Step{}, Detail: "not registered", Evidence: "hello", SaidBy: "192.0.2.254", Peer: r.Peer, Parent: "mapper",
	}
	if diff := cmp.Diff(want, got, asSaved, cmpopts.IgnoreFields(content.Entry{}, "Findings")); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if len(got.Findings) != 2 {
		t.Errorf("findings: %+v", got.Findings)
	}
}

func TestReportCounts(t *testing.T) {
	r := draft(scene.Network())
	if want := (content.Tally{Pass: 8, Warn: 1, Fail: 6, Unknown: 3}); r.Counts.Tally != want {
		t.Errorf("counts %+v, want %+v", r.Counts, want)
	}
	if want := (content.Tally{Pass: 16, Warn: 2}); r.Counts.Care != want {
		t.Errorf("care %+v, want %+v", r.Counts.Care, want)
	}
	if r.Counts.Total() != len(r.Results) {
		t.Errorf("%d counted of %d", r.Counts.Total(), len(r.Results))
	}
	if n := len(r.Hosts); n != 4 || r.Counts.Hosts.Total() != n {
		t.Errorf("%d hosts, counted %+v", n, r.Counts.Hosts)
	}
	if r.Took != 7.24 || r.Schema != content.Schema || r.From != "client" || !r.Started.Equal(scene.Began) {
		t.Errorf("heading: %+v", r)
	}
}

func TestGroups(t *testing.T) {
	s := &scene.Scene{Host: "a", Version: "2010", Role: "client-access", Address: "10.0.0.1", From: "client"}
	s.Add("https", 443, nil)
	s.Role = "hub"
	s.Add("smtp", 25, nil)
	s.Host, s.Address = "gone", ""
	s.Add("smtp", 25, scene.Verdict(probe.Unresolved, "the name has no address"))
	s.Add("smtp2", 587, scene.Verdict(probe.Unresolved, "the name has no address"))
	s.Host, s.Address = "part", "10.0.0.2"
	s.Add("smtp", 25, scene.Verdict(probe.Untried, "too many open files"))
	s.Add("smtp2", 587, scene.Verdict(probe.Untried, "interrupted"))
	s.Host = "blocked"
	s.Add("smtp", 25, scene.Verdict(probe.TimedOut, "no reply"))
	s.Host = "shy"
	s.Add("smtp", 25, scene.All(scene.Want(catalog.Off), scene.Verdict(probe.Untried, "interrupted")))
	var got []string
	for g := range content.Groups(draft(s.Results).Results) {
		got = append(got, fmt.Sprintf("%s %s %s %d %t", g.Host, g.Role, g.Address, len(g.Entries), g.Whole != nil))
	}
	want := []string{
		"a client-access 10.0.0.1 1 false", "a hub 10.0.0.1 1 false", "gone hub  2 true", "part hub 10.0.0.2 2 false",
		"blocked hub 10.0.0.2 1 false", "shy hub 10.0.0.2 1 true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}

// The counts are those of the grades that the findings of the whole host gave.
func TestCountsFollowHostFindings(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	controlPort(s, func(*probe.Result) {})
	s.Add("irc", 6667, nil)
	if r := draft(s.Results); r.Counts.Tally != (content.Tally{Warn: 2}) {
		t.Errorf("counts %+v", r.Counts)
	}
}

func TestCountsWorst(t *testing.T) {
	for _, test := range []struct {
		counts content.Counts
		want   judge.Grade
	}{
		{content.Counts{}, judge.Unknown},
		{content.Counts{Tally: content.Tally{Pass: 3}}, judge.Pass},
		{content.Counts{Tally: content.Tally{Pass: 3}, Hosts: content.HostCounts{Unasked: 1}}, judge.Unknown},
		{content.Counts{Tally: content.Tally{Pass: 3, Fail: 1}, Hosts: content.HostCounts{Unasked: 1}}, judge.Fail},
		{content.Counts{Tally: content.Tally{Pass: 3}, Hosts: content.HostCounts{Unread: true}}, judge.Unknown},
		{content.Counts{Tally: content.Tally{Pass: 3, Warn: 1}}, judge.Warn},
		{content.Counts{Tally: content.Tally{Pass: 3, Warn: 1, Unknown: 1}}, judge.Unknown},
		{content.Counts{Tally: content.Tally{Pass: 3, Fail: 1, Unknown: 1}}, judge.Fail},
		{content.Counts{Tally: content.Tally{Pass: 3}, Care: content.Tally{Pass: 2, Warn: 1}}, judge.Warn},
		{content.Counts{Tally: content.Tally{Pass: 3}, Care: content.Tally{Pass: 2, Fail: 1}}, judge.Fail},
		{content.Counts{Tally: content.Tally{Pass: 3, Unknown: 1}, Care: content.Tally{Fail: 1}}, judge.Fail},
	} {
		if got := test.counts.Worst(); got != test.want {
			t.Errorf("%+v is %s, want %s", test.counts, got, test.want)
		}
	}
}
