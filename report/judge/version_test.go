// SPDX-License-Identifier: Apache-2.0

package judge

import (
	"os"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/protocol"
	web "exreach/probe/protocol/http"
	"exreach/report/judge/identity"
)

// TestHostRules: what is wrong with a host as a whole stands at its first row.
func TestHostRules(t *testing.T) {
	both := identity.Identify([]probe.Result{greets("smtp", greets2003, 25), owaBuild("15.1.2507.6")})
	unfit := identity.Identify([]probe.Result{greets("pop3", "+OK DavMail 6.2.2 POP ready at Mon", 110)})
	unfit.Unfit = true
	for _, tt := range []struct {
		code string
		id   identity.Identified
		care Grade
		on   Scale
		says []string
	}{
		{"versions-contradict", both, Pass, "", []string{"X-OWA-Version 15.1.2507.6 on port 443 means 2016", "on port 25 means 2003", "--version"}},
		{"no-role-fits", unfit, Warn, OnCare, []string{"110 DavMail", "--role"}},
	} {
		h := Host{Rows: []Row{{Grade: Pass, Care: Pass}}}
		h.identify(&tt.id)
		f, found := finding(h.Rows[0], tt.code)
		if !found {
			t.Errorf("%s: not found", tt.code)
			continue
		}
		if e := h.Rows[0]; e.Grade != Pass || e.Care != tt.care || f.Weight != tt.care || f.WeighsOn != tt.on {
			t.Errorf("%s: grade %s, care %s: weighs %q on %q", tt.code, e.Grade, e.Care, f.Weight, f.WeighsOn)
		}
		checkSays(t, f, tt.says)
	}
	healthy := Host{Rows: []Row{{Grade: Pass, Care: Pass}}}
	healthy.identify(&identity.Identified{Candidates: []string{"2016"}})
	if len(healthy.Rows[0].Findings) > 0 || healthy.Identified == nil {
		t.Errorf("a healthy host: %+v", healthy)
	}
}

// TestForeign: servers of mail that are not Exchange are told, whatever they are checked
// as, and by name where their words have it.
func TestForeign(t *testing.T) {
	text, err := os.ReadFile("testdata/foreign.tsv")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if len(cells) != 5 {
			continue // the comment
		}
		r := healthy("smtp", 25)
		r.Check.Service.Protocol, r.Check.Service.Name = cells[0], cells[0]
		r.Peer = &protocol.Peer{Greeting: cells[1]}
		if cells[2] != "-" {
			r.Peer.Capabilities = strings.Split(cells[2], "; ")
		}
		for _, version := range []string{"2003", "2019", "online"} {
			r.Check.Version = version
			e := alone(r)
			f, told := finding(e, cells[0]+"-other-product")
			others := []string{"smtp-iis", "smtp-banner-masked", "mail-shield", "version-differs"}
			if !told && !slices.ContainsFunc(e.Findings, func(f Finding) bool { return slices.Contains(others, f.Code) }) {
				t.Errorf("passes without a word as %s: %s", version, line)
			}
			if told && cells[3] != "-" && !strings.Contains(f.Text, cells[3]) {
				t.Errorf("%s is not named: %s", cells[3], f.Text)
			}
		}
		tried++
	}
	if tried < 300 {
		t.Errorf("only %d were tried", tried)
	}
}

// greets is the answer of a mail server that greets so.
func greets(protocolName, greeting string, port uint16) probe.Result {
	r := healthy(protocolName, port)
	r.Check.Service.Protocol, r.Peer = protocolName, &protocol.Peer{Greeting: greeting}
	return r
}

// owaBuild is the answer of a web server of Exchange with this build.
func owaBuild(build string) probe.Result {
	r := healthy("owa", 443)
	r.Check.Service.Protocol, r.Check.Service.HTTP = "http", &catalog.Directory{Path: "/owa/"}
	r.Peer = &protocol.Peer{Facts: map[string]string{"x_owa_version": build}, Web: &web.Web{Origin: web.OfExchange}}
	return r
}

// What the answers of a whole server leave in common is its version; SMTP alone,
// from 2007 on, cannot tell.
func TestVersionsEndToEnd(t *testing.T) {
	for _, test := range []struct {
		version, role string
		want          []string
	}{
		{"5.0", "server", []string{"5.0"}},
		{"5.5", "server", []string{"5.5"}},
		{"2000", "back-end", []string{"2000"}},
		{"2003", "back-end", []string{"2003"}},
		{"2007", "hub", []string{"2007", "2010", "2013", "2016", "2019", "se", "online"}},
		{"2007", "client-access", []string{"2007"}},
		{"2010", "client-access", []string{"2010"}},
		{"2013", "client-access", []string{"2013", "2016", "2019", "se", "online"}}, // its build is on the logon page alone
		{"2016", "mailbox", []string{"2013", "2016", "2019", "se", "online"}},
		{"2019", "mailbox", []string{"2019"}},
		{"se", "mailbox", []string{"se"}},
	} {
		t.Run(test.version+" "+test.role, func(t *testing.T) {
			t.Parallel()
			var left []string
			for _, e := range run(t, planFor(t, test.version, test.role, "client")) {
				candidates, _ := identity.Admitted(e.Check.Releases, identity.AnswerTo(*e.Result).Signs())
				if left == nil {
					left = slices.Clone(candidates)
				}
				left = slices.DeleteFunc(left, func(v string) bool { return len(candidates) > 0 && !slices.Contains(candidates, v) })
			}
			if !slices.Equal(left, test.want) {
				t.Errorf("%v, want %v", left, test.want)
			}
		})
	}
}

var versionTests = []findingTest{
	{"version-differs", Pass, Warn, website("status", "302 Found", "x_owa_version", "15.1.2507.6"), website("status", "302 Found", "x_owa_version", "15.2.1544.4"),
		[]string{"checked as 2019 but reports 2016: X-OWA-Version 15.1.2507.6", "--version 2016"}},
	{"version-differs", Pass, Warn, website("status", "302 Found", "x_owa_version", "15.2.2562.17"), all(website("status", "302 Found", "x_owa_version", "15.2.2562.17"), version("se")),
		[]string{"but reports se"}},
	{"version-differs", Pass, Warn, all(smtp(greets2019, offers2019...), version("2003")), healthySMTP, []string{"2007, 2010, 2013, 2016, 2019, se or online", "--version auto"}},
	{"version-differs", Pass, Warn, smtp("220 DavMail 6.2.2 SMTP ready at Mon"), all(smtp("220 DavMail 6.2.2 SMTP ready at Mon"), version("davmail")), nil},
	{"version-differs", Pass, Warn, all(smtp(greets2003), version("2010"), func(r *probe.Result) {
		r.Check.Service.Protocol = "pop3"
		r.Peer.Greeting = "+OK Microsoft Exchange Server 2007 POP3 service ready"
	}),
		smtp(greets2003), nil}, // which smtp-iis explains
	{"version-differs", Pass, Warn, all(website("status", "302 Found", "x_feserver", "MAIL01"), version("2010")),
		all(website("status", "302 Found", "x_feserver", "MAIL01"), version("2010"), want(catalog.Forbidden)), []string{"X-FEServer"}},
	{"version-differs", Pass, Warn, all(website("status", "302 Found", "x_owa_version", "15.1.2507.6")), all(website("status", "302 Found", "x_owa_version", "15.1.2507.6"), role("internet")), nil},
}
