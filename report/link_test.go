// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/scene"
)

// linked is the report of hosts of which a far end told.
func linked(t *testing.T, hosts ...[]probe.HostResults) content.Report {
	t.Helper()
	var m memory
	d := newDraft(&m)
	run := content.NewRun("exreach 0.14.0", hosts[0][0].Results[0].Check.From, scene.Began)
	run.Machine, run.Took = "admin01", 12.5
	d.Know(1, run)
	for host := range judge.Hosts(t.Context(), slices.Values(slices.Concat(hosts...)), scene.Began, nil) {
		if err := d.Add(host); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return m.report
}

// A report of both ends says so above everything else, whatever its format.
func TestLinkGolden(t *testing.T) {
	reports := map[string]content.Report{
		"standin": linked(t, scene.StandIns()),
		"well":    linked(t, scene.WellLinked()),
		"badly":   linked(t, scene.BadlyLinked()),
		"both":    linked(t, scene.WellLinked(), scene.BadlyLinked()),
	}
	for name, r := range reports {
		for suffix, test := range map[string]struct {
			format string
			style  content.Style
		}{
			".txt": {"table", content.Style{Width: 100}}, ".md": {"markdown", content.Style{}}, ".csv": {"csv", content.Style{}},
			"-summary.txt": {"summary", content.Style{}}, "-request.csv": {"request", content.Style{}}, ".json": {"json", content.Style{}},
		} {
			got := write(t, test.format, r, test.style)
			golden(t, "link-"+name+suffix, got)
			if slices.Contains([]string{".txt", ".md", "-summary.txt"}, suffix) && !strings.Contains(joinLines(got), "These answers come from exreach listen, not from Exchange.") {
				t.Errorf("%s%s does not say that this is no Exchange", name, suffix)
			}
		}
	}
}

// joinLines makes one line of a text.
func joinLines(text string) string { return strings.Join(strings.Fields(text), " ") }

// One answer stands above all far ends, and each has its own.
func TestMayWeDeploy(t *testing.T) {
	well, badly := scene.WellLinked(), scene.BadlyLinked()
	for _, test := range []struct {
		report content.Report
		want   []string
	}{
		{linked(t, well), []string{"May we deploy: yes, all 3 ports reach the listener at far01.contoso.com, and the bytes are unchanged; other programs there have 135/tcp (checked as client)."}},
		{linked(t, badly), []string{"May we deploy: no, because 443/tcp and 445/tcp never arrive, the answer of 587/tcp never comes back, 25/tcp is changed on the way, another party answers for 80/tcp and another program has 135/tcp there (checked as mailbox)."}},
		{linked(t, well, badly), []string{
			"May we deploy: no, because of far02.contoso.com (443/tcp and 445/tcp never arrive, ", "; yes at far01.contoso.com.", "May we deploy: yes, all 3 ports", "May we deploy: no, because 443/tcp",
		}},
	} {
		text := joinLines(write(t, "table", test.report, content.Style{}))
		for _, want := range test.want {
			if !strings.Contains(text, want) {
				t.Errorf("the table does not say %q:\n%s", want, text)
			}
		}
	}
}

// Without a contact, or without the way back that was wanted, it is not certain.
func TestNotCertain(t *testing.T) {
	oneWay := scene.WellLinked()
	oneWay[0].Contacts[0].Back = "the listener was not started with --reverse"
	for want, hosts := range map[string][]probe.HostResults{
		"May we deploy: not certain, because there is no contact with the listener: no code was given (checked as client).":                  scene.StandIns(),
		"May we deploy: not certain, because the way back was not checked: the listener was not started with --reverse (checked as client).": oneWay,
	} {
		if text := joinLines(write(t, "table", linked(t, hosts), content.Style{})); !strings.HasPrefix(text, want) {
			t.Errorf("want %q first:\n%s", want, text)
		}
	}
}

// Many hosts without a contact are told once, and their reason, too. One with a contact stands
// by itself.
func TestManyStandIns(t *testing.T) {
	well := scene.WellLinked()
	for i := range 30 {
		h := scene.StandIns()[0]
		h.Host, h.Place = fmt.Sprintf("far%02d.fabrikam.com", i), i+1
		for r := range h.Results {
			h.Results[r].Check.Host = h.Host
		}
		well = append(well, h)
	}
	text := write(t, "table", linked(t, well), content.Style{Width: 100})
	if n := strings.Count(text, "\n"); n > 60 {
		t.Errorf("%d lines", n)
	}
	for _, want := range []string{
		"May we deploy: not certain, because of far00.fabrikam.com, far01.fabrikam.com, far02.fabrikam.com, far03.fabrikam.com and 26 more (there is no contact with the listener: no code was given); yes at far01.contoso.com.",
		"far00.fabrikam.com … far29.fabrikam.com (30 hosts): 1 port blocked: 587",
	} {
		if !strings.Contains(joinLines(text), want) {
			t.Errorf("does not say %q:\n%s", want, text)
		}
	}
}

// What is off by default is no reason, and an optional service is named as such.
func TestDeployOptional(t *testing.T) {
	hosts := scene.WellLinked()
	s := &scene.Scene{Host: hosts[0].Host, Version: "se", Role: "mailbox", Address: "192.0.2.41", From: "client"}
	lost := scene.All(scene.Source, scene.Verdict(probe.TimedOut, "no reply"), scene.Seen(far.Sight{Direction: far.NeverArrived, Dropped: -1}))
	s.Add("imap", 143, lost)
	s.Add("pop3", 110, lost)
	s.Results[0].Check.Want, s.Results[1].Check.Want = catalog.Off, catalog.Optional
	hosts[0].Results = append(hosts[0].Results, s.Results...)
	text := joinLines(write(t, "table", linked(t, hosts), content.Style{}))
	if want := "May we deploy: yes, but for optional services: 110/tcp never arrives; 3 ports of 4 reach the listener"; !strings.HasPrefix(text, want) {
		t.Errorf("want %q first:\n%s", want, text)
	}
}

// Of hosts of which only some are stand-ins, these are named.
func TestSomeStandIns(t *testing.T) {
	real := (&scene.Scene{Host: "mail01", Version: "se", Role: "mailbox", Address: "192.0.2.10", From: "client"})
	real.Add("smtp", 25, nil)
	r := linked(t, scene.StandIns(), []probe.HostResults{{Host: "mail01", Place: 2, Results: real.Results}})
	if text := joinLines(write(t, "markdown", r, content.Style{})); !strings.Contains(text, "**The answers of `far01.contoso.com` come from exreach listen, not from Exchange.**") {
		t.Error(text)
	}
}

// A firewall's administrator is asked for what is blocked on the way, for the way back, and
// for an end of inspection; never for what another party answers.
func TestLinkAsks(t *testing.T) {
	text := write(t, "request", linked(t, scene.BadlyLinked()), content.Style{})
	for _, want := range []string{
		"allow,198.51.100.7,admin01,192.0.2.42,far02.contoso.com,,tcp,443,", "never arrived at the far end",
		"allow,198.51.100.7,admin01,192.0.2.42,far02.contoso.com,,tcp,587,", "the return path must be open",
		"exempt,198.51.100.7,admin01,192.0.2.42,far02.contoso.com,,tcp,25,", "exempt from inspection",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the request lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, ",tcp,80,") || strings.Contains(text, ",tcp,64327,") {
		t.Errorf("something is asked for that needs nothing:\n%s", text)
	}
}
