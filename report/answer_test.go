// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// mailbox is a host with nine services at 443 and a few more.
func mailbox(host string, change func(service string, r *probe.Result)) *scene.Scene {
	s := &scene.Scene{Host: host, Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	add := func(service string, port uint16, want catalog.Want) {
		s.Add(service, port, func(r *probe.Result) {
			r.Check.Want = want
			if change != nil {
				change(service, r)
			}
		})
	}
	add("smtp", 25, catalog.Optional)
	add("smtp-submission", 587, catalog.Required)
	for _, page := range []string{"owa", "ecp", "ews"} {
		add(page, 443, catalog.Required)
	}
	add("pop3", 110, catalog.Off)
	add("rpc-endpoint-mapper", 135, catalog.Forbidden)
	return s
}

// closedRightly is a healthy mailbox: what must be closed refuses.
func closedRightly(service string, r *probe.Result) {
	if service == "pop3" || service == "rpc-endpoint-mapper" {
		scene.Verdict(probe.Refused, "connection refused (RST)")(r)
	}
}

func isPage(service string) bool { return strings.Contains("owa ecp ews", service) }

func TestAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		change func(service string, r *probe.Result)
		answer string
		grade  judge.Grade
	}{
		"healthy": {nil, "All 4 required services reachable.", judge.Pass},
		"one port of several services": {func(service string, r *probe.Result) {
			if isPage(service) {
				scene.Verdict(probe.TimedOut, "no reply")(r)
			}
		}, "1 port blocked: 443 (3 of 7 services).", judge.Fail},
		"two kinds": {func(service string, r *probe.Result) {
			switch {
			case isPage(service):
				scene.Verdict(probe.TimedOut, "no reply")(r)
			case service == "smtp-submission":
				scene.Verdict(probe.Refused, "refused")(r)
			}
		}, "1 port blocked: 443; 1 closed: 587 (4 of 7 services).", judge.Fail},
		"optional": {func(service string, r *probe.Result) {
			if service == "smtp" {
				scene.Verdict(probe.Silent, "nothing came")(r)
			}
		}, "All 4 required services reachable; 1 optional port not working: 25 (1 of 7 services).", judge.Warn},
		"forbidden": {func(service string, r *probe.Result) {
			if service == "rpc-endpoint-mapper" {
				scene.Verdict(probe.Answered, "53 endpoints")(r)
			}
		}, "1 port open that must be closed: 135 (1 of 7 services).", judge.Fail},
		"nothing answers": {func(service string, r *probe.Result) { scene.Verdict(probe.TimedOut, "no reply")(r) },
			"No answer at any of 5 ports: host down, wrong address or all filtered.", judge.Fail},
		"no address": {func(service string, r *probe.Result) { scene.Verdict(probe.Unresolved, "the name has no address")(r) },
			"Not checked, unresolved: the name has no address (7 services).", judge.Unknown},
		"interrupted": {func(service string, r *probe.Result) {
			if service != "smtp" && service != "smtp-submission" {
				scene.Verdict(probe.Untried, "interrupted before its turn")(r)
				r.Obstacle, r.Tries = probe.Interrupted, 0
			}
		}, "1 required service reachable; 5 services not asked: interrupted.", judge.Unknown},
		"interrupted on the way": {func(service string, r *probe.Result) {
			if service == "smtp-submission" {
				scene.Verdict(probe.Untried, "interrupted while connecting")(r)
				r.Obstacle = probe.Interrupted
			}
		}, "3 required services reachable; 1 service not finished: interrupted.", judge.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := mailbox("mail01", func(service string, r *probe.Result) {
				closedRightly(service, r)
				if test.change != nil {
					test.change(service, r)
				}
			})
			got := draft(s.Results).Hosts
			if len(got) != 1 || got[0].Answer != test.answer || got[0].Grade != test.grade {
				t.Errorf("got %+v, want %s: %s", got, test.grade, test.answer)
			}
		})
	}
}

// Optional services of a port that fails for the required ones fail with them: a port is
// counted once, with all its services.
func TestAnswerCountsWholePort(t *testing.T) {
	s := mailbox("mail01", func(service string, r *probe.Result) {
		closedRightly(service, r)
		if isPage(service) {
			scene.Verdict(probe.Refused, "connection refused (RST)")(r)
			if service == "ews" {
				r.Check.Want = catalog.Optional
			}
		}
	})
	got := draft(s.Results)
	if want := "1 port closed: 443 (3 of 7 services)."; got.Hosts[0].Answer != want {
		t.Errorf("got %q, want %q", got.Hosts[0].Answer, want)
	}
	var text strings.Builder
	if err := put(&text, "table", got, content.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "FAIL  443/tcp  refused   owa, ecp, ews") {
		t.Errorf("the row is another:\n%s", text.String())
	}
}

// Where nothing may answer, nothing that answers is right, and proves nothing about the
// host.
func TestAnswerWhereAllIsForbidden(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "internet"}
	for _, port := range []uint16{135, 445} {
		s.Add("smb", port, scene.All(scene.Want(catalog.Forbidden), scene.Verdict(probe.TimedOut, "no reply")))
	}
	got := draft(s.Results).Hosts[0]
	want := "Nothing that must be closed is reachable; nothing answered at all, so the host may be down."
	if got.Answer != want || got.Grade != judge.Pass {
		t.Errorf("got %+v", got)
	}
}

// ports is a host of which only some ports were asked for. Two of them may have a service of
// the same name.
func ports(change func(port uint16, r *probe.Result), numbers ...uint16) *scene.Scene {
	s := &scene.Scene{Host: "mail01", Address: "192.0.2.10", From: "client"}
	for _, port := range numbers {
		s.Add("https", port, func(r *probe.Result) {
			r.Check.Want = catalog.Required
			if change != nil {
				change(port, r)
			}
		})
	}
	return s
}

func TestAnswerOfPorts(t *testing.T) {
	at := func(port uint16, c func(*probe.Result)) func(uint16, *probe.Result) {
		return func(p uint16, r *probe.Result) {
			if p == port {
				c(r)
			}
		}
	}
	timedOut := scene.Verdict(probe.TimedOut, "no reply")
	mute := scene.All(timedOut, func(r *probe.Result) {
		r.Check.Service.Network, r.Check.Service.Protocol = catalog.UDP, catalog.AnyProtocol
	})
	late := scene.All(scene.Verdict(probe.Untried, "the run's deadline came first"), func(r *probe.Result) { r.Obstacle, r.Tries = probe.Deadline, 0 })
	for want, s := range map[string]*scene.Scene{
		"Port 443 is reachable.":                                            ports(nil, 443),
		"All 3 ports are reachable.":                                        ports(nil, 443, 444, 8443),
		"1 port blocked: 444 (1 of 3 ports).":                               ports(at(444, timedOut), 443, 444, 8443),
		"1 port closed: 443.":                                               ports(at(443, scene.Verdict(probe.Refused, "refused")), 443),
		"No answer at port 443: host down, wrong address or filtered.":      ports(at(443, timedOut), 443),
		"1 port not determined: 8443/udp.":                                  ports(at(8443, mute), 8443),
		"1 port reachable; 1 port not determined: 8443/udp (1 of 2 ports).": ports(at(8443, mute), 443, 8443),
		"1 port reachable; 1 port not asked: deadline.":                     ports(at(8443, late), 443, 8443),
		"Not checked, untried: the run's deadline came first (2 ports).":    ports(func(_ uint16, r *probe.Result) { late(r) }, 443, 8443),
	} {
		if got := draft(s.Results).Hosts[0].Answer; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// One service is not "all 1".
func TestAnswerOfOneService(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	s.Add("smtp-submission", 587, scene.Want(catalog.Required))
	if got, want := draft(s.Results).Hosts[0].Answer, "The required service is reachable."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A service at two addresses is one service, and the answer says at how many it fails.
func TestAnswerOfTwoAddresses(t *testing.T) {
	s := mailbox("mail01", closedRightly)
	s.Address = "192.0.2.11"
	for _, r := range mailbox("mail01", closedRightly).Results {
		s.Add(r.Check.Service.Name, r.Port, func(n *probe.Result) {
			n.Order, n.Check, n.Verdict = r.Order, r.Check, r.Verdict
			if isPage(r.Check.Service.Name) {
				scene.Verdict(probe.Refused, "refused")(n)
			}
		})
	}
	got := draft(s.Results).Hosts[0].Answer
	if want := "1 port closed at 1 of 2 addresses: 443 (3 of 7 services)."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// selfSigned makes a result show a certificate of its own that ends then.
func selfSigned(end time.Time) func(*probe.Result) {
	return func(r *probe.Result) {
		r.Check.Service.TLS = catalog.Implicit
		r.Peer = &protocol.Peer{TLS: &protocol.TLSInfo{Version: "TLS 1.3", NameMatches: true, Chain: []tls12.Certificate{{
			Subject: "CN=mail01", Issuer: "CN=mail01", SelfSigned: true, NotBefore: scene.Began.AddDate(-1, 0, 0), NotAfter: end,
		}}}}
	}
}

// What is wrong with a certificate is summed up for the host, and leaves the answer alone.
func TestCares(t *testing.T) {
	s := mailbox("mail01", func(service string, r *probe.Result) {
		closedRightly(service, r)
		if isPage(service) {
			selfSigned(scene.Began.Add(-36 * time.Hour))(r)
		}
	})
	got := draft(s.Results)
	host := got.Hosts[0]
	if host.Answer != "All 4 required services reachable." || host.Grade != judge.Pass || host.Care != judge.Fail {
		t.Errorf("got %+v", host)
	}
	var cares []string
	for _, c := range host.Cares {
		cares = append(cares, fmt.Sprintf("%s %s (%d)", c.Weight, c.Text, c.Services))
	}
	want := []string{"fail Certificate: expired 1 day ago (3)", "warn Certificate: self-signed (3)"}
	if diff := cmp.Diff(want, cares); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if got.Counts.Fail != 0 || got.Counts.Care.Fail != 3 || got.Counts.Worst() != judge.Fail {
		t.Errorf("an expired certificate does not fail the run: %+v", got.Counts)
	}
}

// The care tells the date of the certificate that expires first, whichever service has it.
func TestCareOfTheFirstToExpire(t *testing.T) {
	s := mailbox("mail01", func(service string, r *probe.Result) {
		closedRightly(service, r)
		switch service {
		case "owa":
			selfSigned(scene.Began.AddDate(0, 0, 20))(r)
		case "ews":
			selfSigned(scene.Began.AddDate(0, 0, 3))(r)
		}
	})
	var cares []string
	for _, c := range draft(s.Results).Hosts[0].Cares {
		cares = append(cares, fmt.Sprintf("%s (%d)", c.Text, c.Services))
	}
	want := []string{"Certificate: self-signed (2)", "Certificate: expires soon, in 3 days (2)"}
	slices.Sort(cares)
	slices.Sort(want)
	if diff := cmp.Diff(want, cares); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}
