// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/scene"
)

// choice makes a service one of several that are as good as each other.
func choice(group string) change {
	return func(r *probe.Result) { r.Check.Service.OneOf = group }
}

// Of several services one is enough: the grades of a pair, by how both answer.
func TestOneIsEnough(t *testing.T) {
	untold := verdict(probe.Untried, "no local port is free")
	tests := []struct {
		name          string
		first, second change
		want          string // the grades, and after a slash who carries the note
	}{
		{"both serve", nil, nil, "pass pass /"},
		{"the first is closed", closedPort, nil, "pass pass / sip"},
		{"the second is closed", nil, closedPort, "pass pass / sips"},
		{"the second is dropped", nil, lost, "pass pass / sips"},
		{"the second talks something else", nil, verdict(probe.Mismatch, "HTTP"), "pass warn / sips"},
		{"the second turns us away", nil, refusal, "pass warn / sips"},
		{"Active Directory has the port of the first", all(directory("kind", "domain controller"), version("5.5"), role("server")), all(version("5.5"), role("server"), closedPort), "warn fail / sips"},
		{"none serves", closedPort, lost, "fail pass / sip sips"},
		{"none serves, and one of them oddly", closedPort, hungUp, "fail warn / sip sips"},
		{"none serves, and one is nothing but refused", all(want(catalog.Optional), closedPort), lost, "pass fail / sips"},
		{"of the second nothing is known", closedPort, untold, "pass unknown / sip"},
		{"of both nothing is known", untold, untold, "unknown unknown /"},
		{"optional, and none serves", all(want(catalog.Optional), closedPort), all(want(catalog.Optional), closedPort), "pass pass /"},
		{"optional, and one is dropped", all(want(catalog.Optional), asIs), all(want(catalog.Optional), lost), "pass pass / sips"},
		{"one must not be reached", all(want(catalog.Forbidden), asIs), closedPort, "fail fail /"},
		{"the other is of another group", all(choice("other"), closedPort), nil, "fail pass /"},
		{"the other is of another role", all(closedPort, func(r *probe.Result) { r.Check.Service.Role = "um" }), nil, "fail pass /"},
	}
	for _, test := range tests {
		s := &scene.Scene{Host: "mail01.contoso.com", Version: "2016", Role: "mailbox", Address: "192.0.2.10", From: "um-gateway"}
		s.Add("sip", 5060, all(choice("sip"), orAsIs(test.first)))
		s.Add("sips", 5061, all(choice("sip"), orAsIs(test.second)))
		var grades, noted []string
		for _, e := range judged(s.Results) {
			grades = append(grades, string(e.Grade))
			if _, found := finding(e, "one-is-enough"); found {
				noted = append(noted, e.Check.Service.Name)
			}
		}
		got := strings.TrimSpace(strings.Join(grades, " ") + " / " + strings.Join(noted, " "))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func orAsIs(c change) change {
	if c == nil {
		return asIs
	}
	return c
}

// What serves at one address spares nothing at another: a member behind a name
// that is reached by turns is as dead as if it stood alone.
func TestOneIsEnoughByAddress(t *testing.T) {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2016", Role: "mailbox", Address: "192.0.2.10", From: "um-gateway"}
	s.Add("sip", 5060, choice("sip"))
	s.Add("sips", 5061, all(choice("sip"), closedPort))
	s.At("192.0.2.11").Add("sip", 5060, all(choice("sip"), closedPort))
	s.Add("sips", 5061, all(choice("sip"), closedPort))
	r := judged(s.Results)
	counts := map[Grade]int{}
	for _, e := range r {
		counts[e.Grade]++
	}
	if counts[Pass] != 3 || counts[Fail] != 1 {
		t.Errorf("counts %+v, want 3 pass and 1 fail", counts)
	}
	if e := r[0]; e.Check.Service.OneOf != "sip" {
		t.Errorf("the entry does not name its group: %q", e.Check.Service.OneOf)
	}
}

// The groups of the catalogue, over TCP, UDP and TLS, on a stand-in that lacks
// one service of each.
func TestOneIsEnoughEndToEnd(t *testing.T) {
	for _, test := range []struct {
		of     [3]string
		closed uint16
	}{
		{[3]string{"2010", "um", "um-gateway"}, 5060},
		{[3]string{"2010", "um", "um-gateway"}, 5061},
		{[3]string{"2013", "client-access", "um-gateway"}, 5060},
		{[3]string{"2013", "mailbox", "um-gateway"}, 5062},
		{[3]string{"2016", "mailbox", "um-gateway"}, 5061},
		{[3]string{"2016", "mailbox", "um-gateway"}, 5063},
		{[3]string{"5.5", "server", "internet-client"}, 110},
		{[3]string{"5.5", "server", "internet-client"}, 993},
		{[3]string{"5.5", "server", "client"}, 636},
		{[3]string{"2003", "server", "adc"}, 389},
	} {
		t.Run(strings.Join(test.of[:], " "), func(t *testing.T) {
			t.Parallel()
			for name, b := range map[string]breakage{"refused": refusing(test.closed), "dropped": losing(test.closed)} {
				for _, e := range run(t, planFor(t, test.of[0], test.of[1], test.of[2]), b) {
					_, noted := finding(e, "one-is-enough")
					spared := e.Port == test.closed && (name == "dropped" || e.Check.Want == "required")
					if e.Grade != Pass || noted != spared {
						t.Errorf("%s: %s at %d: %s, %s (%s): %+v", name, e.Check.Service.Name, e.Port, e.Verdict, e.Grade, e.Detail, e.Findings)
					}
				}
			}
		})
	}
}

// The RPC hint ends with what makes the service take the port.
func TestRestartHint(t *testing.T) {
	r := healthy("mapi-rpc", 59532)
	all(child("mapper"), lost, func(r *probe.Result) { r.Check.Service.Restart = "Restart-Service MSExchangeRPC" })(&r)
	f, _ := finding(alone(r), "dynamic-port-blocked")
	checkSays(t, f, []string{"After the change: Restart-Service MSExchangeRPC."})
}

// A run has the ground rules of the one who asks, from the catalogue.
func TestGroundRulesEndToEnd(t *testing.T) {
	for _, test := range []struct {
		of    [3]string
		rules int
	}{
		{[3]string{"2007", "hub", "mailbox"}, 1},
		{[3]string{"2010", "mailbox", "client-access"}, 1},
		{[3]string{"2019", "domain-controller", "mailbox"}, 1},
		{[3]string{"se", "mailbox", "mailbox"}, 1},
		{[3]string{"se", "mailbox", "client"}, 0},
		{[3]string{"se", "edge", "mailbox"}, 0},
		{[3]string{"2003", "back-end", "back-end"}, 0},
	} {
		t.Run(strings.Join(test.of[:], " "), func(t *testing.T) {
			t.Parallel()
			told := map[string]bool{}
			for _, e := range run(t, planFor(t, test.of[0], test.of[1], test.of[2])) {
				for _, rule := range e.Check.Ground {
					told[rule.Text] = true
				}
			}
			if len(told) != test.rules {
				t.Errorf("%d ground rules, want %d: %v", len(told), test.rules, told)
			}
		})
	}
}
