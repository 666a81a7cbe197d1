// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/report/judge/scene"
)

// onlyWanting is what the internet wants of a server in one of these ways.
func onlyWanting(wants ...catalog.Want) func(*testing.T) []catalog.Check {
	return func(t *testing.T) []catalog.Check {
		return slices.DeleteFunc(fromInternet(t), func(c catalog.Check) bool { return !slices.Contains(wants, c.Want) })
	}
}

// TestDeadHostEndToEnd: a host that sends nothing at all gets no passes for ports that
// need not answer, unless no port there must. What it sends itself, if only a reset,
// shows that its other ports are closed.
func TestDeadHostEndToEnd(t *testing.T) {
	const second = "192.0.2.11"
	type grades = map[catalog.Want]Grade
	dead := grades{catalog.Required: Fail, catalog.Optional: Warn, catalog.Off: Unknown, catalog.Forbidden: Unknown}
	for name, test := range map[string]struct {
		plan    func(*testing.T) []catalog.Check
		fault   breakage
		address string
		want    grades
	}{
		"nothing answers": {fromInternet, losing(), "192.0.2.10", dead},
		"no port must answer": {onlyWanting(catalog.Off, catalog.Forbidden), losing(), "192.0.2.10",
			grades{catalog.Off: Pass, catalog.Forbidden: Pass}},
		"a reset at 110": {fromInternet, everyBut(110, losing()), "192.0.2.10",
			grades{catalog.Required: Fail, catalog.Optional: Warn, catalog.Off: Pass, catalog.Forbidden: Pass}},
		"resets everywhere": {fromInternet, refusing(), "192.0.2.10",
			grades{catalog.Required: Fail, catalog.Optional: Pass, catalog.Off: Pass, catalog.Forbidden: Pass}},
		"the second address": {fromInternet, alsoAt(losing(), second), second, dead},
		"beside a dead address": {fromInternet, alsoAt(losing(), second), "192.0.2.10",
			grades{catalog.Required: Pass, catalog.Optional: Pass, catalog.Off: Pass, catalog.Forbidden: Pass}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := grades{}
			for _, e := range run(t, test.plan(t), test.fault) {
				if e.Address != netip.MustParseAddr(test.address) {
					continue
				}
				if known, told := got[e.Check.Want]; told && known != e.Grade {
					t.Errorf("%s: %s, where others that are %s have %s", e.Check.Service.Name, e.Grade, e.Check.Want, known)
				}
				got[e.Check.Want] = e.Grade
				if _, found := finding(e, "host-not-seen"); found != (e.Grade == Unknown) {
					t.Errorf("%s: %s: %+v", e.Check.Service.Name, e.Grade, e.Findings)
				}
				checkWeights(t, e)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("- want, + got:\n%s", diff)
			}
		})
	}
}

// everyBut has a breakage happen everywhere, and connects refused at one port.
func everyBut(port uint16, b breakage) breakage {
	return func(r *rig, next probe.DialFunc) probe.DialFunc { return refusing(port)(r, b(r, next)) }
}

// TestHostSeen: what shows that a host is up, beside a port that must be closed and sends
// nothing.
func TestHostSeen(t *testing.T) {
	for name, test := range map[string]struct {
		beside func(*scene.Scene)
		seen   bool
	}{
		"nothing":                        {func(s *scene.Scene) { s.Add("owa", 443, lost) }, false},
		"no port that must answer":       {func(s *scene.Scene) { s.Add("owa", 443, all(want(catalog.Optional), lost)) }, true},
		"a silent service":               {func(s *scene.Scene) { s.Add("owa", 443, verdict(probe.Silent, "")) }, true},
		"a reset":                        {func(s *scene.Scene) { s.Add("owa", 443, closedPort) }, true},
		"a reset by a firewall":          {func(s *scene.Scene) { s.Add("owa", 443, all(closedPort, saidBy("192.0.2.254"))) }, false},
		"a router that forbids":          {func(s *scene.Scene) { s.Add("owa", 443, prohibitedBy("192.0.2.254")) }, false},
		"its own firewall":               {func(s *scene.Scene) { s.Add("owa", 443, prohibitedBy("192.0.2.10")) }, true},
		"a router without a way":         {func(s *scene.Scene) { s.Add("owa", 443, all(gone, saidBy("192.0.2.254"))) }, false},
		"this machine did not ask":       {func(s *scene.Scene) { s.Add("owa", 443, verdict(probe.Untried, "interrupted")) }, false},
		"a port that answered before":    {func(s *scene.Scene) { s.Add("owa", 443, all(lost, witness(443, false))) }, true},
		"a datagram that came back":      {func(s *scene.Scene) { s.Add("owa", 443, lost); s.Add("dns", 53, udp) }, true},
		"a reset of a port without use":  {func(s *scene.Scene) { s.Add("owa", 443, lost); controlPort(s, closedPort) }, true},
		"the port without use lost, too": {func(s *scene.Scene) { s.Add("owa", 443, lost); controlPort(s, lost) }, false},
		"another address":                {func(s *scene.Scene) { s.Add("owa", 443, lost); s.At("192.0.2.11").Add("owa", 443, nil) }, false},
	} {
		for _, w := range []catalog.Want{catalog.Off, catalog.Forbidden} {
			e := reportOf(func(s *scene.Scene) { s.Add("pop3", 110, all(want(w), lost)); test.beside(s) })[0]
			f, told := finding(e, "host-not-seen")
			if told == test.seen || (e.Grade == Pass) != test.seen || !test.seen && (f.Weight != Unknown || f.WeighsOn != OnGrade) {
				t.Errorf("%s, %s: %s, %+v", name, w, e.Grade, e.Findings)
			}
		}
	}
}
