// SPDX-License-Identifier: Apache-2.0

package survey_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/cmd/internal/survey"
	"exreach/report/judge"
)

// surveyed runs over a list, at whose hosts nothing answers. It returns what is known of each
// host, and what was told.
func surveyed(t *testing.T, text string, pipe bool, o survey.Options) (hosts, told []string, err error) {
	t.Helper()
	cat := catalog.Open()
	list := survey.List{Name: "servers.csv", From: io.NopCloser(strings.NewReader(text)), Pipe: pipe}
	targets, err := survey.Listed(t.Context(), cat, list, o)
	if err != nil {
		return nil, nil, err
	}
	run, err := survey.New(cat, targets)
	if err != nil {
		return nil, nil, err
	}
	run.Pool = refusing()
	run.Watch = func(e survey.Event) {
		switch e.(type) {
		case survey.NothingAsked, survey.RepeatedLines, survey.Identified:
			told = append(told, fmt.Sprintf("%T", e)[len("survey."):])
		}
	}
	for host := range run.Run(t.Context()) {
		hosts = append(hosts, summary(host))
	}
	slices.Sort(hosts)
	slices.Sort(told)
	return hosts, told, run.Err()
}

// summary is a host with its version and roles, its site and its labels.
func summary(h judge.Host) string {
	roles := map[string]bool{}
	for _, r := range h.Rows {
		roles[r.Check.Version+" "+r.Check.Service.Role] = true
	}
	text := h.Rows[0].Check.Host + ": " + strings.Join(slices.Sorted(maps.Keys(roles)), ", ")
	if h.Site != "" || h.Labels != nil {
		text += fmt.Sprintf("; %s %v", h.Site, h.Labels)
	}
	return text
}

// A table says of some hosts what they are. The others are asked, and whether the table comes
// from a file or a pipe makes no difference. Nothing of a Mailbox server of 2013, and of a
// Unified Messaging server, is for clients; 2019 has no such role any more.
func TestTable(t *testing.T) {
	const text = `Name,ServerRole,AdminDisplayVersion,Site,Labels
192.0.2.1,"Mailbox, ClientAccess",Version 15.0 (Build 1497.2),contoso.com/Configuration/Sites/Berlin,owner=team-a
192.0.2.2,Mailbox,Version 15.2 (Build 1118.7),,
192.0.2.3,,,Bonn,
192.0.2.4,UnifiedMessaging,Version 14.3 (Build 123.4),Bonn,
192.0.2.5,"Mailbox, UnifiedMessaging, HubTransport",Version 14.3 (Build 123.4),Ulm,
192.0.2.2,Mailbox,Version 15.2 (Build 1118.7),,
192.0.2.6,UnifiedMessaging,Version 15.2 (Build 31118.7),,
`
	want := []string{
		"192.0.2.1: 2013 client-access; Berlin map[owner:team-a]",
		"192.0.2.2: 2019 mailbox",
		"192.0.2.3: se mailbox; Bonn map[]",
		"192.0.2.5: 2010 hub, 2010 mailbox; Ulm map[]",
		"192.0.2.6: 2019 mailbox",
	}
	for name, pipe := range map[string]bool{"a file": false, "a pipe": true} {
		hosts, told, err := surveyed(t, text, pipe, survey.Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, hosts); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", name, diff)
		}
		wantTold := []string{"Identified", "NothingAsked", "RepeatedLines"}
		if pipe { // which tells of all hosts together
			wantTold = wantTold[1:]
		}
		if diff := cmp.Diff(wantTold, told); diff != "" {
			t.Errorf("%s (- want, + told):\n%s", name, diff)
		}
	}
}

// A row may name a port of a host. Its services there are asked, for any from, and
// rows about other ports of the host must not contradict it.
func TestTableOfPorts(t *testing.T) {
	const heading = "Name,Role,Version,Site\n"
	for text, want := range map[string]string{
		"192.0.2.1:25,,2019,Bonn\n192.0.2.1:587,,2019,Bonn\n":               "192.0.2.1: 2019 mailbox; Bonn map[]",
		"192.0.2.1:25,,2019,Bonn\n192.0.2.1:25,,2019,Bonn\n":                "192.0.2.1: 2019 mailbox; Bonn map[]",
		"192.0.2.1:5060,UnifiedMessaging,2010,\n":                           "192.0.2.1: 2010 um",
		"192.0.2.1:443,\"ClientAccess, UnifiedMessaging\",2010,\n":          "192.0.2.1: 2010 client-access",
		"192.0.2.1:25,,,\nhttps://192.0.2.2/owa,,,\n":                       "192.0.2.1:  ; 192.0.2.2:  ",
		"192.0.2.1:25,,2019,Bonn\n192.0.2.1:587,,2019,Ulm\n":                `servers.csv:3: host "192.0.2.1:587": an earlier row names it and says something else about it`,
		"192.0.2.1:25,,2019,Bonn\n192.0.2.1:587,,2016,Bonn\n192.0.2.2,,,\n": `servers.csv:3: host "192.0.2.1:587": an earlier row names it and says something else about it`,
	} {
		hosts, _, err := surveyed(t, heading+text, false, survey.Options{})
		got := strings.Join(hosts, "; ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s got %q, want %q", text, got, want)
		}
	}
	hosts, _, err := surveyed(t, heading+"192.0.2.1,UnifiedMessaging,2010,\n", false, survey.Options{Ports: []catalog.Port{{Network: catalog.TCP, Number: 5060}}})
	if want := []string{"192.0.2.1: 2010 um"}; err != nil || !slices.Equal(hosts, want) {
		t.Errorf("--port: %q, %v, want %q", hosts, err, want)
	}
}

// What the command line says holds for the rows that say nothing else.
func TestTableAndOptions(t *testing.T) {
	const text = "Name,Version\n192.0.2.1,2016\n192.0.2.2,\n192.0.2.3,15.2\n"
	want := []string{"192.0.2.1: 2016 mailbox", "192.0.2.2: 2019 mailbox", "192.0.2.3: 2019 mailbox"}
	for _, pipe := range []bool{false, true} {
		hosts, _, err := surveyed(t, text, pipe, survey.Options{Version: "2019"})
		if diff := cmp.Diff(want, hosts); diff != "" || err != nil {
			t.Errorf("%v (- want, + got):\n%s", err, diff)
		}
	}
}

// A file with mistakes is not asked about. A pipe passes over them, and tells them at its end.
func TestTableMistakes(t *testing.T) {
	var text strings.Builder
	text.WriteString("Name,Version,Role\n192.0.2.1,2019,mailbox\n")
	for n := range 12 {
		fmt.Fprintf(&text, "mail %d,2019,mailbox\n", n)
	}
	text.WriteString("192.0.2.2,2016,mailbox\n")
	for _, pipe := range []bool{false, true} {
		hosts, _, err := surveyed(t, text.String(), pipe, survey.Options{})
		if err == nil {
			t.Fatal("no mistake")
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != 12 || lines[0] != "servers.csv has 12 mistakes:" || lines[1] != `servers.csv:3: host "mail 0": it has a space in it` || lines[11] != "and 2 more" {
			t.Errorf("%q", lines)
		}
		want := []string(nil)
		if pipe {
			want = []string{"192.0.2.1: 2019 mailbox", "192.0.2.2: 2016 mailbox"}
		}
		if diff := cmp.Diff(want, hosts); diff != "" {
			t.Errorf("pipe: %t (- want, + got):\n%s", pipe, diff)
		}
	}
}

func TestTableOfNobody(t *testing.T) {
	for text, says := range map[string]string{
		"Name,Version,Role\num01,2010,um\n": "there is no host to check: the roles in servers.csv have no service for client",
		"Name,Version,Role\n":               "there is no host to check: servers.csv names none",
	} {
		for _, pipe := range []bool{false, true} {
			if _, _, err := surveyed(t, text, pipe, survey.Options{}); err == nil || err.Error() != says {
				t.Errorf("%v, want %q", err, says)
			}
		}
	}
}

// A topology may say beside each role of a host where it stands, but not two places.
func TestTopologySite(t *testing.T) {
	cat := catalog.Open()
	for text, want := range map[string]string{
		"{name: 192.0.2.1, version: '2010', role: hub, site: Bonn}, {name: 192.0.2.1, version: '2010', role: client-access, labels: {rack: 7}}": "192.0.2.1: 2010 client-access, 2010 hub; Bonn map[rack:7]",
		"{name: mail01, role: hub, site: Bonn}, {name: MAIL01, role: um, site: Ulm}":                                                            `org.yaml:1: host "MAIL01" is at site "Ulm" here and at "Bonn" in org.yaml:1`,
		"{name: mail01, role: hub, labels: {a: 1}}, {name: mail01, role: um, labels: {a: 2}}":                                                   `org.yaml:1: host "mail01" has other labels here than in org.yaml:1`,
	} {
		got := ""
		targets, err := survey.Topology("org.yaml", strings.NewReader("hosts: ["+text+"]"), survey.Options{})
		if err == nil {
			var run *survey.Survey
			if run, err = survey.New(cat, targets); err != nil {
				t.Fatal(err)
			}
			run.Pool = refusing()
			for host := range run.Run(t.Context()) {
				got += summary(host)
			}
		} else {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}
