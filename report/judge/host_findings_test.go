// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"slices"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/report/judge/scene"
)

// A hostTest is two states of one host: on the sick one the finding is on the
// service named, and on the healthy one nowhere.
type hostTest struct {
	code    string
	service string
	grade   Grade // of the service, where it is sick
	care    Grade // of the service, where it is sick
	sick    func(*scene.Scene)
	healthy func(*scene.Scene)
	says    []string
}

var (
	lost       = verdict(probe.TimedOut, "no reply")
	gone       = verdict(probe.Unreachable, "no way to the host")
	closedPort = verdict(probe.Refused, "connection refused (RST)")
	hungUp     = verdict(probe.Cut, "hung up")
)

func udp(r *probe.Result) { r.Check.Service.Network = catalog.UDP }

func ofAny(r *probe.Result) { r.Check.Service.Protocol = catalog.AnyProtocol }

func spoken(name string) change {
	return func(r *probe.Result) { r.Check.Service.Protocol = name }
}

// controlPort is the check of a port that nobody uses.
func controlPort(s *scene.Scene, change change) {
	s.Add(catalog.Control, 5893, all(want(catalog.Off), change))
}

// issued is a certificate of this subject by that issuer.
func issued(subject, issuer string) change {
	return all(implicit, certificate(func(_ *protocol.TLSInfo, c *tls12.Certificate) { c.Subject, c.Issuer = subject, issuer }))
}

var asIs change = func(*probe.Result) {}

var hostTests = []hostTest{
	{"everything-answers", catalog.Control, Warn, Pass,
		func(s *scene.Scene) { controlPort(s, asIs) },
		func(s *scene.Scene) { controlPort(s, closedPort); controlPort(s, lost) }, []string{"TCP 5893", "SYN proxy"}},
	{"everything-answers", "irc", Warn, Pass,
		func(s *scene.Scene) { controlPort(s, asIs); s.Add("irc", 6667, nil) },
		func(s *scene.Scene) { controlPort(s, closedPort); s.Add("irc", 6667, nil) }, []string{"not known"}},
	{"everything-answers", "log-copier", Warn, Pass,
		func(s *scene.Scene) { controlPort(s, asIs); s.Add("log-copier", 64327, spoken("log-copier")) },
		func(s *scene.Scene) {
			s.Add("irc", 6667, nil)
			controlPort(s.At("192.0.2.11"), closedPort)
		}, nil},
	{"everything-answers", "mapper", Fail, Pass,
		func(s *scene.Scene) {
			controlPort(s, asIs)
			s.Add("mapper", 135, all(want(catalog.Forbidden), spoken("rpc"), verdict(probe.Silent, "")))
		},
		func(s *scene.Scene) { s.Add("mapper", 135, all(want(catalog.Forbidden), spoken("rpc"))) }, nil},
	{"one-is-enough", "sips", Pass, Pass,
		func(s *scene.Scene) { s.Add("sip", 5060, choice("sip")); s.Add("sips", 5061, all(choice("sip"), lost)) },
		func(s *scene.Scene) { s.Add("sip", 5060, choice("sip")); s.Add("sips", 5061, choice("sip")) },
		[]string{"One of sip (TCP 5060), sips (TCP 5061) is enough", "sip works at TCP 5060"}},
	{"one-is-enough", "sip", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("sip", 5060, all(choice("sip"), lost))
			s.Add("sips", 5061, all(choice("sip"), lost))
		},
		func(s *scene.Scene) { s.Add("sip", 5060, lost); s.Add("sips", 5061, lost) },
		[]string{"none of them works at 192.0.2.10", "Fix the one that is in use"}},
	{"shunned", "smtp", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("smtp", 25, verdict(probe.Silent, ""))
			s.Add("owa", 443, all(lost, witness(80, false)))
		},
		func(s *scene.Scene) {
			s.Add("smtp", 25, verdict(probe.Silent, ""))
			s.Add("owa", 443, all(lost, witness(80, true)))
		}, []string{"TCP 25 accepted the connection and then said nothing", "blocks this computer", "--gentle"}},
	{"address-dead", "smtp", Fail, Pass, // a host that resets connections is up
		func(s *scene.Scene) {
			s.Add("smtp", 25, lost)
			s.Add("owa", 443, closedPort)
			s.At("192.0.2.11").Add("smtp", 25, nil)
		},
		func(s *scene.Scene) {
			s.Add("smtp", 25, lost)
			s.Add("owa", 443, nil)
			s.At("192.0.2.11").Add("smtp", 25, nil)
		},
		[]string{"The host at 192.0.2.10 is up but serves nothing", "(192.0.2.11)", "Start the services at 192.0.2.10", "DNS"}},
	{"address-dead", "smtp", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("smtp", 25, lost)
			s.Add("owa", 443, lost)
			s.At("192.0.2.11").Add("smtp", 25, nil)
		},
		func(s *scene.Scene) {
			s.Add("smtp", 25, lost)
			s.Add("owa", 443, nil)
			s.At("192.0.2.11").Add("smtp", 25, nil)
		},
		[]string{"Nothing answers at 192.0.2.10", "(192.0.2.11)", "DNS"}},
	{"address-dead", "smtp", Fail, Pass,
		func(s *scene.Scene) { s.Add("smtp", 25, gone); s.At("2001:db8::1").Add("smtp", 25, nil) },
		func(s *scene.Scene) { s.Add("smtp", 25, gone); s.At("2001:db8::1").Add("smtp", 25, gone) }, nil},
	{"address-dead", "dns", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("dns", 53, lost)
			s.Add("ntp", 123, all(udp, lost))
			s.At("192.0.2.11").Add("dns", 53, nil)
		},
		func(s *scene.Scene) {
			s.Add("dns", 53, lost)
			s.Add("ntp", 123, udp) // it lives
			s.At("192.0.2.11").Add("dns", 53, nil)
			s.At("192.0.2.12").Add("ntp", 123, all(udp, lost)) // which says nothing
		}, nil},
	{"host-not-seen", "pop3", Unknown, Pass,
		func(s *scene.Scene) { s.Add("smtp", 25, lost); s.Add("pop3", 110, all(want(catalog.Off), lost)) },
		func(s *scene.Scene) {
			s.Add("smtp", 25, closedPort)
			s.Add("pop3", 110, all(want(catalog.Off), lost))
		}, []string{"Nothing at 192.0.2.10 answered at all", "whether TCP 110 is closed or the host is down"}},
	{"ipv6-dead", "smtp", Fail, Pass,
		func(s *scene.Scene) {
			s.At("2001:db8::10").Add("smtp", 25, lost)
			s.At("2001:db8::11").Add("smtp", 25, lost)
			s.At("192.0.2.10").Add("smtp", 25, nil)
		},
		func(s *scene.Scene) {
			s.At("2001:db8::10").Add("smtp", 25, lost)
			s.At("2001:db8::11").Add("smtp", 25, nil)
			s.At("192.0.2.10").Add("smtp", 25, nil)
		}, []string{"over IPv4 the same host does (192.0.2.10)", "AAAA"}},
	{"smtp-25-blocked", "smtp", Fail, Pass,
		func(s *scene.Scene) { s.Add("smtp", 25, lost); s.Add("smtp-submission", 587, nil) },
		func(s *scene.Scene) { s.Add("smtp", 25, lost); s.Add("smtp-submission", 587, lost) }, []string{"timed-out", "providers"}},
	{"smtp-25-blocked", "smtp", Fail, Pass,
		func(s *scene.Scene) { s.Add("smtp", 25, closedPort); s.Add("smtp-submission", 587, nil) },
		func(s *scene.Scene) {
			s.Add("smtp", 25, all(want(catalog.Optional), closedPort)) // as wanted
			s.Add("smtp-submission", 587, nil)
		}, nil},
	{"smtp-25-blocked", "smtp", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("smtp", 25, all(closedPort, saidBy("192.0.2.10")))
			s.Add("smtp-submission", 587, nil)
		},
		func(s *scene.Scene) { // the firewall says so itself
			s.Add("smtp", 25, all(closedPort, saidBy("192.0.2.254")))
			s.Add("smtp", 25, all(verdict(probe.Prohibited, ""), saidBy("192.0.2.254")))
			s.Add("smtp-submission", 587, nil)
		}, nil},
	{"only-udp-answers", "dns", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("dns", 53, all(spoken("dns"), lost))
			s.Add("dns-udp", 53, all(spoken("dns"), udp))
		},
		func(s *scene.Scene) {
			s.Add("dns", 53, all(spoken("dns"), lost))
			s.Add("dns-udp", 53, all(spoken("dns"), udp, lost))
		}, []string{"UDP 53 answers but TCP 53 does not connect", "allow TCP 53"}},
	{"only-tcp-answers", "kerberos-udp", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("kerberos", 88, spoken("kerberos"))
			s.Add("kerberos-udp", 88, all(spoken("kerberos"), udp, lost))
		},
		func(s *scene.Scene) {
			s.Add("ldap", 389, spoken("ldap")) // another protocol than that of the datagrams
			s.Add("cldap", 389, all(spoken("cldap"), udp, lost))
		}, []string{"TCP 88 answers but UDP 88 does not", "allow UDP 88"}},
	{"mail-shield", "smtp", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("smtp", 25, hungUp)
			s.Add("pop3", 110, all(want(catalog.Off), hungUp))
			s.Add("owa", 443, lost)
			s.Add("mapper", 135, lost)
		},
		func(s *scene.Scene) {
			s.Add("smtp", 25, hungUp)
			s.Add("pop3", 110, all(want(catalog.Off), hungUp))
			s.Add("owa", 443, lost)
			s.Add("mapper", 135, closedPort) // the host lives
		}, []string{"192.0.2.10", "may have"}},
	{"mail-shield", "smtp", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("smtp", 25, verdict(probe.Silent, ""))
			s.Add("imap", 143, all(want(catalog.Off), verdict(probe.Mismatch, "")))
			s.Add("owa", 443, gone)
			s.Add("mapper", 135, lost)
		},
		func(s *scene.Scene) { // a gateway that takes mail and is busy, behind a firewall
			s.Add("smtp", 25, verdict(probe.Silent, ""))
			s.Add("imap", 143, all(want(catalog.Off), lost))
			s.Add("owa", 443, gone)
			s.Add("mapper", 135, lost)
		}, nil},
	{"certificate-other-issuer", "owa", Pass, Warn,
		func(s *scene.Scene) {
			s.Add("owa", 443, issued("CN=mail.contoso.com", "CN=Proxy CA,O=Contoso"))
			s.Add("imaps", 993, issued("CN=mail.contoso.com", "CN=R11,O=Let's Encrypt"))
		},
		func(s *scene.Scene) {
			s.Add("owa", 443, issued("CN=mail.contoso.com", "CN=R10,O=Let's Encrypt"))
			s.Add("imaps", 993, issued("CN=mail.contoso.com", "CN=R11,O=Let's Encrypt"))
			s.Add("smtp", 25, issued("CN=MAIL01", "CN=Contoso CA"))
			s.Add("pop3s", 995, all(implicit, certificate(selfSign)))
		}, []string{"O=Contoso", "TCP 993", "O=Let's Encrypt"}},
	{"answered-by", "ews", Pass, Pass,
		func(s *scene.Scene) {
			s.Add("ews", 443, website("x_feserver", "MAIL01"))
			s.Add("owa", 443, website("x_feserver", "MAIL02"))
		},
		func(s *scene.Scene) {
			s.Add("ews", 443, website("x_feserver", "MAIL01"))
			s.Add("owa", 443, website("x_feserver", "MAIL01"))
		},
		[]string{"MAIL01", "MAIL02"}},
	{"http-verb-refused", "rpc-http", Fail, Pass,
		func(s *scene.Scene) {
			s.Add("rpc-http", 443, all(website("status", "501 Not Implemented"), method(catalog.RPCInData), noExchange))
			s.Add("owa", 443, healthyWeb)
		},
		func(s *scene.Scene) {
			s.Add("rpc-http", 443, all(website("status", "401 Unauthorized", "x_feserver", "MAIL01"), method(catalog.RPCInData)))
			s.Add("owa", 443, healthyWeb)
		}, []string{"a browser notices nothing"}},
}

func TestHostFindings(t *testing.T) {
	for _, test := range slices.Concat(hostTests, limitHostTests) {
		sick := reportOf(test.sick)
		i := slices.IndexFunc(sick, func(e Row) bool {
			_, found := finding(e, test.code)
			return e.Check.Service.Name == test.service && found
		})
		if i < 0 {
			t.Errorf("%s: not found on the sick: %+v", test.code, sick)
			continue
		}
		f, _ := finding(sick[i], test.code)
		if e := sick[i]; e.Grade != test.grade || e.Care != test.care {
			t.Errorf("%s: grade %s, care %s, want %s, %s", test.code, e.Grade, e.Care, test.grade, test.care)
		}
		checkWeights(t, sick[i])
		checkSays(t, f, test.says)
		for _, e := range reportOf(test.healthy) {
			if f, found := finding(e, test.code); found {
				t.Errorf("%s: found on %s of the healthy: %s", test.code, e.Check.Service.Name, f.Text)
			}
		}
	}
}

// reportOf is the report of one host.
func reportOf(build func(*scene.Scene)) []Row {
	s := &scene.Scene{Host: "mail01.contoso.com", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	build(s)
	return judged(s.Results)
}

// What another host answers explains nothing.
func TestHostFindingsStayAtHome(t *testing.T) {
	s := &scene.Scene{Host: "mail01", Version: "2019", Role: "mailbox", Address: "192.0.2.10", From: "client"}
	controlPort(s, asIs)
	s.Add("smtp-submission", 587, nil)
	s.Host, s.Address = "mail02", "192.0.2.11"
	s.Add("irc", 6667, nil)
	s.Add("smtp", 25, lost)
	for _, e := range judged(s.Results) {
		for _, code := range []string{"everything-answers", "smtp-25-blocked", "address-dead"} {
			if f, found := finding(e, code); found && e.Check.Host == "mail02" {
				t.Errorf("%s of mail01 is found on mail02: %s", code, f.Text)
			}
		}
	}
}

// A port that nobody uses is no row, unless it answers.
func TestControlUntold(t *testing.T) {
	for name, change := range map[string]change{
		"refused": closedPort, "lost": lost, "unresolved": verdict(probe.Unresolved, ""), "untried": verdict(probe.Untried, ""),
	} {
		entries := reportOf(func(s *scene.Scene) { s.Add("smtp", 25, nil); controlPort(s, change) })
		if len(entries) != 1 || entries[0].Check.Service.Name != "smtp" {
			t.Errorf("%s: the report has %+v", name, entries)
		}
	}
}
