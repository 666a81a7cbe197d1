// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/scene"
)

// An answer claims no more than the results show.
func TestAnswerClaims(t *testing.T) {
	timedOut := scene.Verdict(probe.TimedOut, "no reply")
	refused := scene.Verdict(probe.Refused, "refused")
	interrupted := scene.All(scene.Verdict(probe.Untried, "interrupted before its turn"), func(r *probe.Result) { r.Obstacle, r.Tries = probe.Interrupted, 0 })
	udp := func(r *probe.Result) { r.Check.Service.Network = catalog.UDP }
	oneOf := func(r *probe.Result) { r.Check.Service.OneOf = "sip" }
	optional, off, forbidden := scene.Want(catalog.Optional), scene.Want(catalog.Off), scene.Want(catalog.Forbidden)
	unregistered := scene.All(refused, scene.Child("rpc-endpoint-mapper"), portless)
	for name, test := range map[string]struct {
		fill func(s *scene.Scene)
		want string
	}{
		"an optional port is blocked": {func(s *scene.Scene) {
			s.Add("imap4", 143, optional)
			s.Add("pop3", 110, scene.All(optional, timedOut))
		}, "No service is required; 1 optional port blocked: 110 (1 of 2 services)."},
		"what is off answers": {func(s *scene.Scene) { s.Add("pop3", 110, off) },
			"No service is required, and nothing is wrong with those that are off by default."},
		"what is off is silent": {func(s *scene.Scene) { s.Add("pop3", 110, scene.All(off, timedOut)) },
			"No service is required, and nothing is wrong with those that are off by default; nothing answered at all, so the host may be down."},
		"a forbidden port was not asked": {func(s *scene.Scene) {
			s.Add("smb", 445, scene.All(forbidden, refused))
			s.Add("rpc", 135, scene.All(forbidden, interrupted))
		}, "Nothing that must be closed was found open; 1 service not asked: interrupted."},
		"what is required was not asked": {func(s *scene.Scene) {
			s.Add("imap4", 143, optional)
			s.Add("smtp", 25, scene.All(optional, interrupted))
			s.Add("owa", 443, interrupted)
		}, "Nothing required was reached; 2 services not asked: interrupted."},
		"only UDP was asked": {func(s *scene.Scene) {
			s.Add("dns", 53, scene.All(udp, timedOut))
			s.Add("ntp", 123, scene.All(udp, timedOut))
		}, "No answer at any of 2 ports: host down, wrong address or all filtered, or nothing listens."},
		"interfaces are no ports": {func(s *scene.Scene) {
			s.Add("rpc-endpoint-mapper", 135, nil)
			s.Add("emsmdb", 0, unregistered)
			s.Add("rfr", 0, unregistered)
			s.Add("imap4", 143, scene.Verdict(probe.Silent, "nothing came"))
		}, "2 interfaces not registered: emsmdb, rfr; 1 port not working: 143 (3 of 4 services)."},
		"each port at one address": {func(s *scene.Scene) {
			s.Add("owa", 443, timedOut)
			s.Add("smtp-submission", 587, nil)
			s.At("192.0.2.11").Add("owa", 443, nil)
			s.Add("smtp-submission", 587, timedOut)
		}, "2 ports blocked at some of 2 addresses: 443, 587 (2 of 2 services)."},
		"an interface has another port everywhere": {func(s *scene.Scene) {
			child := scene.All(timedOut, scene.Child("rpc-endpoint-mapper"))
			s.Add("rpc-endpoint-mapper", 135, nil)
			s.Add("emsmdb", 59531, child)
			s.At("192.0.2.11").Add("rpc-endpoint-mapper", 135, nil)
			s.Add("emsmdb", 59600, child)
		}, "2 ports blocked: 59531, 59600 (1 of 2 services)."},
		"a connect proves nothing": {func(s *scene.Scene) {
			controlPort(s, func(*probe.Result) {})
			s.Add("irc", 6667, nil)
			s.Add("owa", 443, func(r *probe.Result) { r.Check.Service.Protocol = "http" })
		}, "1 required service reachable; 1 port needing attention: 5893; 1 not determined: 6667 (1 of 2 services)."},
		"no connect proves anything": {func(s *scene.Scene) {
			controlPort(s, func(*probe.Result) {})
			s.Add("irc", 6667, nil)
		}, "2 ports needing attention: 5893, 6667."},
		"one of a group is enough, first address": {func(s *scene.Scene) {
			s.Add("um-sip", 5060, oneOf)
			s.Add("um-sips", 5061, scene.All(oneOf, refused))
			s.At("192.0.2.11").Add("um-sip", 5060, oneOf)
			s.Add("um-sips", 5061, oneOf)
		}, "All 2 required services reachable."},
	} {
		t.Run(name, func(t *testing.T) {
			s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
			test.fill(s)
			for i := range s.Results { // a row has one place at all addresses
				if i > 0 && s.Results[i].Address != s.Results[0].Address {
					s.Results[i].Order = i % 2
				}
			}
			if got := draft(s.Results).Hosts[0].Answer; got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
