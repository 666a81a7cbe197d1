// SPDX-License-Identifier: Apache-2.0

package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/probe"
	"exreach/report/content"
	"exreach/report/judge"
	"exreach/report/judge/route"
	"exreach/report/judge/scene"
	"exreach/report/table"
)

// many is the table of so many hosts, which change alters by their place.
func many(t *testing.T, hosts int, s content.Style, change func(place int, service string, r *probe.Result)) string {
	t.Helper()
	var text strings.Builder
	d := NewDraft(Outlet{Format{Whole: true, Folds: true}, table.New(&text, s)})
	d.Know(1, content.NewRun("exreach 1.0.0", "client", scene.Began))
	// Hosts come in any order.
	for _, place := range slices.Backward(slices.Collect(upTo(hosts))) {
		one := mailbox(fmt.Sprintf("mail%02d", place+1), func(service string, r *probe.Result) {
			closedRightly(service, r)
			if change != nil {
				change(place, service, r)
			}
		})
		of := probe.HostResults{Host: one.Host, Place: place, Results: one.Results}
		for h := range judge.Hosts(context.Background(), slices.Values([]probe.HostResults{of}), scene.Began, nil) {
			if err := d.Add(h); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.End(); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

// lines returns the lines of a text that have one of the words.
func linesWith(text string, words ...string) []string {
	var found []string
	for line := range strings.Lines(text) {
		if slices.ContainsFunc(words, func(w string) bool { return strings.Contains(line, w) }) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// submissionDropped drops 587 at every host but the third, and there refuses 443.
func submissionDropped(place int, service string, r *probe.Result) {
	switch {
	case place == 2 && isPage(service):
		scene.Verdict(probe.Refused, "connection refused (RST)")(r)
	case place != 2 && service == "smtp-submission":
		scene.Verdict(probe.TimedOut, "no reply")(r)
	}
}

// Hosts with the same problems are one block, and the end names the causes with the hosts.
func TestManyHosts(t *testing.T) {
	text := many(t, 60, content.Style{Width: 100}, submissionDropped)
	first, _, _ := strings.Cut(text, "\n")
	if want := "60 of 60 hosts are not as wanted: 587/tcp timed-out on 59 of 60 hosts; 443/tcp refused on mail03."; first != want {
		t.Errorf("the first line is %q, want %q", first, want)
	}
	want := []string{
		"mail01 … mail60 (59 hosts): 1 port blocked: 587 (1 of 7 services).",
		"mail03: 1 port closed: 443 (3 of 7 services).",
	}
	if diff := cmp.Diff(want, linesWith(text, "of 7 services")); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	_, causes, _ := strings.Cut(text, "\nCauses\n")
	want = []string{
		"587/tcp  smtp-submission  timed-out  on 59 of 60 hosts: mail01, mail02, mail04, mail05, mail06, …",
		"443/tcp  owa, ecp, ews    refused    on mail03",
	}
	if diff := cmp.Diff(want, linesWith(causes, "/tcp")); diff != "" {
		t.Errorf("- want, + got:\n%s", diff)
	}
	if n := strings.Count(text, "\n"); n > 50 {
		t.Errorf("%d lines:\n%s", n, text)
	}
}

// Hosts with failures come first; a clean host among many is one line, among few its rows.
func TestCleanHosts(t *testing.T) {
	lastFails := func(place int, service string, r *probe.Result) {
		if place == 5 && service == "smtp-submission" {
			scene.Verdict(probe.TimedOut, "no reply")(r)
		}
	}
	text := many(t, 6, content.Style{}, lastFails)
	var hosts []string
	for _, line := range linesWith(text, "services") {
		if strings.HasPrefix(line, "mail") {
			name, _, _ := strings.Cut(line, ":")
			hosts = append(hosts, name)
		}
	}
	if want := []string{"mail06", "mail01", "mail02", "mail03", "mail04", "mail05"}; !slices.Equal(hosts, want) {
		t.Errorf("order %v, want %v:\n%s", hosts, want, text)
	}
	if n := strings.Count(text, "smtp-submission"); n != 2 { // the row and the cause
		t.Errorf("smtp-submission stands %d times:\n%s", n, text)
	}
	if text := many(t, 5, content.Style{}, nil); strings.Count(text, "smtp-submission") != 5 {
		t.Errorf("five clean hosts have no rows:\n%s", text)
	}
	if text := many(t, 6, content.Style{Problems: true}, lastFails); strings.Contains(text, "mail01") || !strings.Contains(text, "mail06") {
		t.Errorf("--problems shows clean hosts, or no others:\n%s", text)
	}
	if text := many(t, 6, content.Style{}, nil); !strings.HasPrefix(text, "All 6 hosts are as wanted.\n") || strings.Contains(text, "Causes") {
		t.Errorf("nothing is wrong:\n%s", text)
	}
}

// The end of a long report names the fifteen causes that hit most hosts, counts the rest,
// and fits on a screen of 24 lines.
func TestManyCauses(t *testing.T) {
	change := func(place int, service string, r *probe.Result) {
		if service == "smtp-submission" { // every host has a port of its own there
			r.Port = uint16(1000 + place)
			scene.Verdict(probe.TimedOut, "no reply")(r)
		}
	}
	text := many(t, 40, content.Style{Width: 80}, change)
	_, end, _ := strings.Cut(text, "\nCauses\n")
	if n := len(linesWith(end, "timed-out")); n != 15 {
		t.Errorf("%d causes", n)
	}
	if !strings.Contains(end, "and 25 more causes. To list them, save the run") {
		t.Errorf("the rest is not counted:\n%s", end)
	}
	if n := strings.Count(end, "\n"); n > 22 {
		t.Errorf("the end has %d lines:\n%s", n, end)
	}
	_, end, _ = strings.Cut(many(t, 40, content.Style{Width: 80, Verbose: true}, change), "\nCauses\n")
	if n := len(linesWith(end, "timed-out")); n != 40 {
		t.Errorf("--verbose lists %d causes", n)
	}
}

// The services of a port share a row while nothing of their own was said.
func TestRowOfAPort(t *testing.T) {
	for _, test := range []struct {
		verdict probe.Verdict
		step    string
		want    []string
	}{
		{probe.TimedOut, "", []string{"FAIL  443/tcp  timed-out  owa, ecp, ews"}},
		{probe.Refused, "", []string{"FAIL  443/tcp  refused   owa, ecp, ews"}},
		{probe.Answered, "talk", []string{"pass  443/tcp  answered  owa", "pass  443/tcp  answered  ecp", "pass  443/tcp  answered  ews"}},
	} {
		text := many(t, 1, content.Style{}, func(_ int, service string, r *probe.Result) {
			if isPage(service) && test.verdict != probe.Answered {
				scene.Verdict(test.verdict, "seen")(r)
			}
		})
		var got []string
		for _, line := range linesWith(text, "443/tcp") {
			got = append(got, strings.TrimSpace(line[:min(len(line), len(test.want[0]))]))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (- want, + got):\n%s\n%s", test.verdict, diff, text)
		}
	}
}

// A second address with the same outcome is one line.
func TestSameAddress(t *testing.T) {
	s := mailbox("mail01", closedRightly)
	for _, r := range slices.Clone(s.Results) {
		r.Address = scene.IPs("2001:db8::10")[0]
		s.Results = append(s.Results, r)
	}
	var text strings.Builder
	if err := put(&text, "table", draft(s.Results), content.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "\n  2001:db8::10  the same 7 results\n") || strings.Count(text.String(), "smtp-submission") != 1 {
		t.Errorf("got\n%s", text.String())
	}
}

// Where a host stands and what people call it is on its line.
func TestPlaceInTable(t *testing.T) {
	r := draft(mailbox("mail01", closedRightly).Results)
	for i := range r.Results {
		r.Results[i].Site, r.Results[i].Labels = "Berlin", map[string]string{"rack": "7", "owner": "mail"}
	}
	var text strings.Builder
	if err := put(&text, "table", r, content.Style{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "; site Berlin; owner=mail; rack=7\n") {
		t.Errorf("got\n%s", text.String())
	}
}

// The table says that ports were asked for, of no version.
func TestTableOfPorts(t *testing.T) {
	s := ports(nil, 443, 8443)
	s.Results = append(s.Results, ports(func(_ uint16, r *probe.Result) { r.Check.Host = "mail02" }, 443).Results...)
	text := write(t, "table", draft(s.Results), content.Style{})
	if n := len(linesWith(text, "192.0.2.10, the ports asked for")); n != 2 || strings.Contains(text, "version") || strings.Contains(text, "Exchange") {
		t.Errorf("%d times it says what was asked for:\n%s", n, text)
	}
}

// A cause says after which hop the packets of all its hosts stop, and nothing if they do
// not stop at the same.
func TestCauseAfter(t *testing.T) {
	for name, test := range map[string]struct {
		after []string
		want  string
	}{
		"the same":     {[]string{"10.77.2.2", "10.77.2.2"}, "on 2 of 2 hosts, after 10.77.2.2"},
		"not the same": {[]string{"10.77.2.2", "10.77.4.2"}, "on 2 of 2 hosts"},
	} {
		t.Run(name, func(t *testing.T) {
			var all []content.Entry
			for i, after := range test.after {
				r := draft(mailbox(fmt.Sprintf("mail%02d", i), func(service string, r *probe.Result) { submissionDropped(0, service, r) }).Results)
				for j := range r.Results {
					if r.Results[j].Verdict == probe.TimedOut {
						r.Results[j].Trace = &content.Trace{Outcome: route.Blocked, After: after}
					}
				}
				all = append(all, r.Results...)
			}
			var text strings.Builder
			if err := put(&text, "table", content.Report{Results: all}, content.Style{}); err != nil {
				t.Fatal(err)
			}
			_, end, _ := strings.Cut(text.String(), "\nCauses\n")
			if got := linesWith(end, "587/tcp"); len(got) != 1 || !strings.HasSuffix(got[0], test.want) {
				t.Errorf("got %q, want …%q", got, test.want)
			}
		})
	}
}

// Hosts are one block only if the same services have the same problems.
func TestBlocksOfOtherServices(t *testing.T) {
	expired := selfSigned(scene.Began.AddDate(0, 0, -3))
	table := func(services ...string) string {
		return many(t, 2, content.Style{}, func(place int, service string, r *probe.Result) {
			if service == services[place] {
				expired(r)
			}
		})
	}
	if text := table("owa", "owa"); !strings.Contains(text, "mail01, mail02 (2 hosts)") {
		t.Errorf("they are two blocks:\n%s", text)
	}
	if text := table("owa", "ews"); strings.Contains(text, "(2 hosts)") {
		t.Errorf("they are one block:\n%s", text)
	}
}

// A service may be in doubt for more than one reason.
func TestBlocksOfOtherReasons(t *testing.T) {
	var all []content.Entry
	for i, code := range []string{"http-no-login", "http-unproved"} {
		r := draft(mailbox(fmt.Sprintf("mail%02d", i), closedRightly).Results)
		r.Results[1].Grade = judge.Warn
		r.Results[1].Findings = []judge.Finding{{Code: code, Text: code, Weight: judge.Warn, WeighsOn: judge.OnGrade}}
		all = append(all, r.Results...)
	}
	var text strings.Builder
	if err := put(&text, "table", content.Report{Results: all}, content.Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "(2 hosts)") {
		t.Errorf("they are one block:\n%s", text.String())
	}
}

// A second address with the same verdicts for another reason is told.
func TestOtherAddress(t *testing.T) {
	s := mailbox("mail01", closedRightly)
	for _, r := range slices.Clone(s.Results) {
		r.Address = scene.IPs("2001:db8::10")[0]
		if r.Check.Service.Name == "owa" {
			selfSigned(scene.Began.AddDate(0, 0, 5))(&r)
		}
		s.Results = append(s.Results, r)
	}
	selfSigned(scene.Began.AddDate(1, 0, 0))(&s.Results[2])
	var text strings.Builder
	if err := put(&text, "table", draft(s.Results), content.Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text.String(), "the same") {
		t.Errorf("another certificate is the same:\n%s", text.String())
	}
}
