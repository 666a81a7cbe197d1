// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge/scene"
)

// tableOf is the table of a report.
func tableOf(t *testing.T, r content.Report, s content.Style) string {
	t.Helper()
	var text strings.Builder
	if err := put(&text, "table", r, s); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// Hosts that were not asked for one reason are one block and one cause, though each says
// which address it is about.
func TestBlockOfUnaskedHosts(t *testing.T) {
	text := many(t, 6, content.Style{}, func(place int, _ string, r *probe.Result) {
		scene.Verdict(probe.Untried, fmt.Sprintf("this machine has no route to 192.0.2.%d", place))(r)
		r.Obstacle = probe.NoRoute
	})
	if !strings.Contains(text, "\nmail01 … mail06 (6 hosts): Not checked, untried:") {
		t.Errorf("they are no block:\n%s", text)
	}
	_, causes, _ := strings.Cut(text, "\nCauses\n")
	if got := linesWith(causes, "no route"); len(got) != 1 || !strings.Contains(got[0], "on 6 of 6 hosts") {
		t.Errorf("the causes are %q", got)
	}
}

// "All hosts" are those that were asked.
func TestUnaskedHostsInTheFirstLine(t *testing.T) {
	var all []content.Entry
	for i := range 3 {
		all = append(all, draft(mailbox(fmt.Sprint("mail0", i), closedRightly).Results).Results...)
	}
	r := content.Report{Results: all}
	r.Counts.Hosts.Unasked = 7
	first, _, _ := strings.Cut(tableOf(t, r, content.Style{}), "\n")
	if want := "All 3 hosts are as wanted. 7 more hosts not asked."; first != want {
		t.Errorf("got %q, want %q", first, want)
	}
	r.Counts.Hosts.Unasked, r.Counts.Hosts.Unread = 0, true
	first, _, _ = strings.Cut(tableOf(t, r, content.Style{}), "\n")
	if want := "All 3 hosts are as wanted. The list of hosts was not read to its end."; first != want {
		t.Errorf("got %q, want %q", first, want)
	}
}

// What fails at no host may warn about what is required.
func TestWarningsInTheFirstLine(t *testing.T) {
	text := many(t, 2, content.Style{}, func(place int, service string, r *probe.Result) {
		if place == 0 && service == "smtp" {
			scene.Verdict(probe.TimedOut, "no reply")(r)
		}
	})
	if want := "Nothing fails; warnings on 1 of 2 hosts: "; !strings.HasPrefix(text, want) {
		t.Errorf("want %q at the beginning of\n%s", want, text)
	}
}

// With --problems, neither a clean host nor a clean role or address is shown.
func TestProblemsOnly(t *testing.T) {
	r := draft(slices.Concat(
		mailbox("mail01", func(service string, r *probe.Result) { submissionDropped(0, service, r); closedRightly(service, r) }).Results,
		mailbox("mail01", func(service string, r *probe.Result) {
			closedRightly(service, r)
			r.Address = scene.IPs("192.0.2.11")[0]
		}).Results,
		mailbox("mail01", func(service string, r *probe.Result) {
			closedRightly(service, r)
			r.Address = scene.IPs("192.0.2.12")[0]
		}).Results,
		mailbox("mail02", closedRightly).Results,
	))
	text := tableOf(t, r, content.Style{Problems: true})
	for _, clean := range []string{"192.0.2.11", "192.0.2.12", "mail02:"} {
		if strings.Contains(text, clean) {
			t.Errorf("it shows %s:\n%s", clean, text)
		}
	}
	if !strings.Contains(text, "192.0.2.10, ") || !strings.Contains(text, "FAIL") {
		t.Errorf("it shows no problem:\n%s", text)
	}
	alone := draft(mailbox("mail02", closedRightly).Results)
	if text := tableOf(t, alone, content.Style{Problems: true}); !strings.HasPrefix(text, "mail02: All 4 required services reachable.\n\n") {
		t.Errorf("a single host has no answer, or more:\n%s", text)
	}
}

// Of many hosts, the services that are only counted include those behind a mapper that fail
// in part.
func TestCountedBehindAMapper(t *testing.T) {
	var all []content.Entry
	for i := range 6 {
		s := &scene.Scene{Host: fmt.Sprint("cas0", i), Version: "2010", Role: "client-access", Address: "192.0.2.10", From: "client"}
		s.Add("owa", 443, nil)
		s.Add("rpc-endpoint-mapper", 135, nil)
		s.Add("emsmdb", 59531, scene.Child("rpc-endpoint-mapper"))
		s.Add("rfr", 59532, scene.All(scene.Verdict(probe.TimedOut, "no reply"), scene.Child("rpc-endpoint-mapper")))
		all = append(all, draft(s.Results).Results...)
	}
	got := linesWith(tableOf(t, content.Report{Results: all}, content.Style{}), "as wanted")
	want := "pass  2 services as wanted" // owa and emsmdb; the mapper has its row
	if len(got) != 2 || strings.Join(strings.Fields(got[1]), " ") != strings.Join(strings.Fields(want), " ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The port that no service uses is none of the services.
func TestControlPortIsNoService(t *testing.T) {
	s := mailbox("mail01", closedRightly)
	controlPort(s, func(*probe.Result) {})
	got := draft(s.Results).Hosts[0].Answer
	if strings.Contains(got, "8 services") {
		t.Errorf("got %q of a host with 7 services", got)
	}
}

// A host whose results stand apart in a file has no more ports that were not traced.
func TestUntracedInParts(t *testing.T) {
	one := mailbox("mail01", func(service string, r *probe.Result) {
		if isPage(service) {
			scene.Verdict(probe.TimedOut, "no reply")(r)
			r.Untraced = probe.TraceTimeUp
		}
	})
	var m memory
	d := newDraft(&m)
	for _, e := range draft(one.Results).Results {
		if err := d.Take(1, []content.Entry{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(1, m.report.Counts.Untraced); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
}
