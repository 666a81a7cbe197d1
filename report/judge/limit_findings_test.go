// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/report/judge/scene"
)

// crowding refuses the first connect to a port, once there is one to another port.
func crowding(port uint16) breakage {
	others := make(chan struct{})
	another := sync.OnceFunc(func() { close(others) })
	var tries atomic.Int32
	return on(nil, func(_ *rig, next probe.DialFunc, ctx context.Context, at netip.AddrPort) (net.Conn, error) {
		if at.Port() != port {
			another()
			return next(ctx, catalog.TCP, at)
		}
		if tries.Add(1) == 1 {
			<-others
			return refused()
		}
		return next(ctx, catalog.TCP, at)
	})
}

func crowded(v probe.Verdict, open int) change {
	return func(r *probe.Result) { r.Crowded = &probe.Crowded{Verdict: v, Open: open} }
}

func silentBy(kind probe.Delivery, step protocol.Step) change {
	return func(r *probe.Result) {
		r.Verdict, r.Step, r.Silence = probe.Silent, step, &probe.Silence{Pace: probe.Never, Delivery: kind}
	}
}

// limitTests are what networks do, as one result shows it. Limits of connections:
// https://github.com/TobleMiner/shoreline/issues/10 (connlimit, ICMP) and
// https://github.com/rbsec/sslscan/issues/50 (a server's own). Silences:
// https://github.com/metallb/metallb/issues/297 (asymmetric routing),
// https://github.com/cloudius-systems/osv/issues/372 (the end of a handshake arrives
// and its large packets do not), https://github.com/projectdiscovery/naabu/issues/1738
// (devices that accept with a window of zero).
var limitTests = []findingTest{
	{"connection-limit", Pass, Pass, crowded(probe.Refused, 5), nil, []string{"TCP 25 was refused", "up to 5 connections", "--per-host"}},
	{"connection-limit", Pass, Pass, crowded(probe.TimedOut, 1), nil, []string{"did not reply", "up to 1 connection "}},
	{"connection-limit", Pass, Pass, crowded(probe.Prohibited, 10), nil, []string{"was prohibited"}},
	{"connection-limit", Pass, Pass, crowded(probe.Answered, 20), nil, []string{"was turned away"}},
	{"connection-limit", Unknown, Pass, all(verdict(probe.Refused, ""), crowded(probe.Refused, 12)), verdict(probe.Refused, ""), []string{"was refused", "blocks this computer", "not known"}},
	{"connection-limit", Unknown, Pass, all(want(catalog.Off), verdict(probe.Refused, ""), crowded(probe.Refused, 12)), all(want(catalog.Off), verdict(probe.Refused, "")), []string{"not known", "--gentle"}},
	{"connection-limit", Unknown, Pass, all(verdict(probe.Cut, ""), crowded(probe.Refused, 5)), verdict(probe.Cut, ""), []string{"answered other checks", "not known", "--gentle"}},
	{"handshake-stalls", Fail, Pass, silentBy(probe.NotArrived, protocol.TLS), silentBy(probe.NotArrived, protocol.Greet), []string{"never acknowledged", "asymmetric"}},
	{"handshake-stalls", Fail, Pass, silentBy(probe.AnswerLost, protocol.TLS), nil, []string{"MTU", "fragmentation needed"}},
	{"handshake-stalls", Fail, Pass, silentBy(probe.WindowShut, protocol.TLS), nil, []string{"tarpit"}},
	{"handshake-stalls", Fail, Pass, silentBy(probe.Held, protocol.TLS), nil, []string{"acknowledged", "never answers", "the service hangs"}},
	{"silent", Fail, Pass, silentBy(probe.NotArrived, protocol.Greet), nil, []string{"never acknowledged"}},
	{"silent", Fail, Pass, silentBy(probe.Held, protocol.Greet), nil, []string{"the service hangs"}},
}

var prohibitedBy = func(by string) change { return all(verdict(probe.Prohibited, ""), saidBy(by)) }

// The likely prohibitions are those of https://security.stackexchange.com/q/202740
// ("438 no-responses and 62 admin-prohibiteds"), the answers to everything those of
// https://github.com/nmap/nmap/issues/1904 (SYN-ACK to every port after so many).
var limitHostTests = []hostTest{
	{"likely-prohibited", "owa", Fail, Pass,
		func(s *scene.Scene) { s.Add("smtp", 25, prohibitedBy("10.77.2.2")); s.Add("owa", 443, lost) },
		func(s *scene.Scene) {
			s.Add("smtp", 25, prohibitedBy("10.77.2.2"))
			s.Add("owa", 443, all(lost, witness(80, false)))
			s.At("192.0.2.11").Add("owa", 443, lost)
		}, []string{"10.77.2.2 forbids other ports of 192.0.2.10 (TCP 25)", "ICMP", "Ask the administrator of 10.77.2.2 to allow TCP 443 from this computer to 192.0.2.10."}},
	{"likely-prohibited", "owa", Fail, Pass, // its own firewall, as of RHEL and its kin (icmp-host-prohibited)
		func(s *scene.Scene) { s.Add("smtp", 25, prohibitedBy("192.0.2.10")); s.Add("owa", 443, lost) },
		func(s *scene.Scene) { s.Add("smtp", 25, closedPort); s.Add("owa", 443, lost) }, []string{"itself", "the server's own firewall"}},
	{"likely-prohibited", "owa", Fail, Pass, // iptables' REJECT, whose default is port-unreachable
		func(s *scene.Scene) {
			s.At("2001:db8::10").Add("smtp", 25, all(closedPort, saidBy("2001:db8::1")))
			s.Add("owa", 443, lost)
		},
		func(s *scene.Scene) {
			s.Add("smtp", 25, all(closedPort, saidBy("192.0.2.10")))
			s.Add("owa", 443, lost)
		}, []string{"2001:db8::1 forbids"}},
	{"likely-prohibited", "owa", Fail, Pass, // where the system does not say who
		func(s *scene.Scene) { s.Add("smtp", 25, verdict(probe.Prohibited, "")); s.Add("owa", 443, lost) },
		func(s *scene.Scene) {
			s.Add("smtp", 25, verdict(probe.Prohibited, ""))
			s.Add("owa", 443, all(want(catalog.Forbidden), lost))
		}, []string{"A firewall or router forbids"}},
	{"everything-answers", "smtp-submission", Unknown, Pass,
		func(s *scene.Scene) {
			controlPort(s, asIs)
			s.Add("smtp", 25, spoken("smtp"))
			s.Add("smtp-submission", 587, verdict(probe.Silent, ""))
		},
		func(s *scene.Scene) {
			controlPort(s, closedPort)
			s.Add("smtp", 25, spoken("smtp"))
			s.Add("smtp-submission", 587, verdict(probe.Silent, ""))
		}, []string{"an unused port here", "--gentle"}},
	{"everything-answers", "irc", Unknown, Pass,
		func(s *scene.Scene) { controlPort(s, asIs); s.Add("smtp", 25, spoken("smtp")); s.Add("irc", 6667, nil) },
		func(s *scene.Scene) { s.Add("smtp", 25, spoken("smtp")); s.Add("irc", 6667, nil) }, nil},
	{"everything-answers", "pop3", Unknown, Pass,
		func(s *scene.Scene) {
			controlPort(s, asIs)
			s.Add("smtp", 25, spoken("smtp"))
			s.Add("pop3", 110, all(want(catalog.Forbidden), spoken("pop3"), hungUp))
		},
		func(s *scene.Scene) { s.Add("smtp", 25, spoken("smtp")) }, nil},
	{"everything-answers", "owa", Fail, Pass, // nothing here was ever proven
		func(s *scene.Scene) { controlPort(s, asIs); s.Add("owa", 443, verdict(probe.Mismatch, "")) },
		func(s *scene.Scene) { s.Add("owa", 443, verdict(probe.Mismatch, "")) }, nil},
}

// TestTimedOutAlike: ports that were asked more or less often, with and without a witness,
// have the same text. A table prints it once.
func TestTimedOutAlike(t *testing.T) {
	const want = "Something on the path, or the server's own firewall, drops the packets while other ports of 192.0.2.10 answer (FILTERED in PortQry's words)."
	rows := reportOf(func(s *scene.Scene) {
		s.Add("owa", 443, all(lost, witness(25, true)))
		s.Add("smtp-submission", 587, all(lost, func(r *probe.Result) { r.Tries, r.Took = 7, time.Minute }))
		s.Add("smtp", 25, nil)
	})
	for _, row := range rows[:2] {
		if f, _ := finding(row, "timed-out"); f.Text != want {
			t.Errorf("TCP %d: %s", row.Port, f.Text)
		}
	}
}

// TestLivingHostIsNotDown: a port that is dropped at a host that answers elsewhere
// never has "the host is down" for a reason.
func TestLivingHostIsNotDown(t *testing.T) {
	for name, build := range map[string]func(*scene.Scene){
		"witness": func(s *scene.Scene) { s.Add("owa", 443, all(lost, witness(80, true))) },
		"beside":  func(s *scene.Scene) { s.Add("owa", 443, lost); s.Add("smtp", 25, nil) },
		"UDP":     func(s *scene.Scene) { s.Add("dns", 53, all(udp, lost)); s.Add("smtp", 25, verdict(probe.Silent, "")) },
		"reset":   func(s *scene.Scene) { s.Add("owa", 443, lost); s.Add("smtp", 25, closedPort) },
		"ICMP": func(s *scene.Scene) {
			s.Add("owa", 443, lost)
			s.Add("dns", 53, all(udp, closedPort, saidBy("192.0.2.10")))
		},
		"no way": func(s *scene.Scene) { s.Add("owa", 443, all(gone, saidBy("10.77.2.2"))); s.Add("smtp", 25, closedPort) },
	} {
		row := reportOf(build)[0]
		f, found := finding(row, string(row.Verdict))
		if !found || strings.Contains(f.Text, "host is down") || !strings.Contains(f.Text, "while") {
			t.Errorf("%s: %s", name, f.Text)
		}
	}
	for name, build := range map[string]func(*scene.Scene){
		"never answered": func(s *scene.Scene) { s.Add("owa", 443, lost) },
		"a firewall refuses in its place": func(s *scene.Scene) {
			s.Add("owa", 443, lost)
			s.Add("ews", 443, all(closedPort, want(catalog.Off), saidBy("10.77.2.2")))
		},
		"another address is up": func(s *scene.Scene) { s.Add("owa", 443, lost); s.At("192.0.2.11").Add("smtp", 25, closedPort) },
	} {
		f := reportOf(build)[0].Findings[0]
		if f.Code == "timed-out" && !strings.Contains(f.Text, "or the host is down") || strings.Contains(f.Text, "while") {
			t.Errorf("%s: %s", name, f.Text)
		}
	}
}

// TestHandshakeStallsUntold: where the system tells nothing, packets that are too
// large come first only where smaller ones pass.
func TestHandshakeStallsUntold(t *testing.T) {
	for _, clear := range []bool{true, false} {
		f, _ := finding(reportOf(func(s *scene.Scene) {
			s.Add("owa", 443, silentBy("", protocol.TLS))
			if clear {
				s.Add("smtp", 25, spoken("smtp"))
			}
		})[0], "handshake-stalls")
		if mtu := strings.Contains(f.Hint, "MTU"); mtu != clear {
			t.Errorf("another port talks in the clear: %t; hint: %s", clear, f.Hint)
		}
	}
}
