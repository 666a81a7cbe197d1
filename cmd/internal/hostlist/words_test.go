// SPDX-License-Identifier: Apache-2.0

package hostlist

import (
	"fmt"
	"strings"
	"testing"

	"exreach/catalog"
)

func TestVersions(t *testing.T) {
	w := newWords(catalog.Open(), "client")
	for value, want := range map[string]string{
		"2019": "2019", "SE": "se", "5.5": "5.5", "auto": "", "": "",
		"Version 15.2 (Build 1118.7)":                         "2019",
		"Version 15.2 (Build 2562.17)":                        "se",
		"Version 15.2 (Build 1900.1)":                         "", // between 2019 and SE
		"15.2":                                                "", // either
		"Version 15.1 (Build 31034.26)":                       "2016",
		"Version 15.2 (Build 32562.17)":                       "se", // serialNumber
		"Version 15.1 (Build 2507.6)":                         "2016",
		"Version 15.0 (Build 1497.2)":                         "2013",
		"Version 14.3 (Build 123.4)":                          "2010",
		"Version 8.3 (Build 83.6)":                            "2007",
		"Version 6.5 (Build 7638.2: Service Pack 2)":          "2003",
		"Version 6.0 (Build 6249.4: Service Pack 3)":          "2000",
		"Version 5.5 (Build 2653.23: Service Pack 4)":         "5.5",
		"15.02.1118.007":                                      "2019",
		"15.20.8000.12":                                       "online",
		"15.9.1.2":                                            "", // a version to come
		"0.1 (8.0.535.0)":                                     "", // of the object, not the server
		"Exchange 2019":                                       "2019",
		"Exchange2016":                                        "2016",
		"2019 CU14":                                           "2019",
		"Microsoft Exchange Server 2013 Standard, CU23":       "2013",
		"Microsoft Exchange Server Subscription Edition (SE)": "se",
		"Exchange SE RTM":                                     "se",
		"Exchange 2000 Server":                                "2000",
		"Exchange Online":                                     "online",
	} {
		if got, wrong := w.version(value); got != want || wrong != nil {
			t.Errorf("%q: %q, %v, want %q", value, got, wrong, want)
		}
	}
	for _, value := range []string{"2091", "2016 or 2019", "2016, 2019", "new", "Version 99.1 (Build 1.2)", "Version 15.2 (Build 99999999999999999999.1)x", "-"} {
		got, wrong := w.version(value)
		if wrong == nil || got != "" || !strings.HasPrefix(wrong.Error(), "unknown version ") || wrong.Hint == "" {
			t.Errorf("%q: %q, %v", value, got, wrong)
		}
	}
}

func TestRoles(t *testing.T) {
	w := newWords(catalog.Open(), "client")
	for _, test := range []struct{ value, version, want string }{
		{"Mailbox, ClientAccess", "2013", "mailbox client-access"},
		{"Mailbox, ClientAccess", "2019", "mailbox"},
		{"Mailbox, ClientAccess, UnifiedMessaging, HubTransport", "2010", "mailbox client-access um hub"},
		{"HubTransport", "2016", "mailbox"},
		{"UnifiedMessaging", "2019", "mailbox"}, // where there is none any more
		{"UnifiedMessaging", "2013", "mailbox"}, // though there is nothing for a client
		{"Edge", "2010", "edge"},                // though there is nothing for a client
		{"None", "2003", ""},
		{"", "", ""},
		{"Mailbox, HubTransport", "", "mailbox hub"},
		{"Mailbox", "2003", "back-end"},
		{"Client Access Server", "2007", "client-access"},
		{"CAS + MBX", "2010", "client-access mailbox"},
		{"Domain Controller", "windows", "domain-controller"},
		{"DC", "", "domain-controller"},
		{"Front-End", "2003", "front-end"},
		{"server", "5.5", "server"},
	} {
		roles, wrong := w.roles(test.value, test.version)
		if got := strings.Join(roles, " "); got != test.want || wrong != nil {
			t.Errorf("%q of %s: %q, %v, want %q", test.value, test.version, got, wrong, test.want)
		}
	}
	for value, version := range map[string]string{"mailbx": "2019", "Mailbox, Printer": "", "witness": "5.5"} {
		if roles, wrong := w.roles(value, version); wrong == nil || roles != nil || !strings.HasPrefix(wrong.Error(), "unknown role ") || wrong.Hint == "" {
			t.Errorf("%q of %s: %q, %v", value, version, roles, wrong)
		}
	}
}

func TestLabels(t *testing.T) {
	for value, want := range map[string]string{
		"":                              "",
		"owner=team-a; live":            "live=true owner=team-a",
		"owner=Smith, John; rack=7":     "owner=Smith, John rack=7",
		"owner=a, rack=7":               "owner=a rack=7",
		"rack=;":                        "",
		"query=a=b":                     "query=a=b",
		"owner-team=a":                  `error: label "owner-team" is not a name: use a-z, A-Z, 0-9 and _, and no digit first`,
		"a=1;a=2":                       `error: label "a" appears twice`,
		"=x":                            `error: label "" is not a name: use a-z, A-Z, 0-9 and _, and no digit first`,
		"a=" + strings.Repeat("x", 257): "error: label a has 257 letters: up to 256 are accepted",
	} {
		labels, wrong := labelsOf(value)
		got := ""
		if wrong != nil {
			got = "error: " + wrong.Error()
		} else if labels != nil {
			var parts []string
			for _, name := range []string{"live", "owner", "query", "rack"} {
				if text, has := labels[name]; has {
					parts = append(parts, name+"="+text)
				}
			}
			got = strings.Join(parts, " ")
		}
		if got != want {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
}

// TestWordsAreRemembered: the rows of a long table say the same few things, right or wrong.
func TestWordsAreRemembered(t *testing.T) {
	w := newWords(catalog.Open(), "client")
	read := func(version, role string) {
		called, _ := w.version(version)
		_, _ = w.roles(role, called)
	}
	for _, row := range [][2]string{{"Version 15.2 (Build 1118.7)", "Mailbox, ClientAccess"}, {"blah 99", "nothing"}, {"", "Mailbox"}} {
		read(row[0], row[1])
		if n := testing.AllocsPerRun(10, func() { read(row[0], row[1]) }); n > 0 {
			t.Errorf("%q takes %v allocations again", row, n)
		}
	}
	for n := range 3 * manyCells {
		read(fmt.Sprintf("v%d", n), fmt.Sprintf("r%d", n))
	}
	read(strings.Repeat("v", longCell+1), "mailbox")
	if len(w.versionsSaid) > manyCells || len(w.rolesSaid) > manyCells {
		t.Errorf("%d versions and %d roles are remembered", len(w.versionsSaid), len(w.rolesSaid))
	}
	for said := range w.versionsSaid {
		if len(said.value) > longCell {
			t.Errorf("a value of %d bytes is remembered", len(said.value))
		}
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = w.role("nothing", "") }); n > 100 {
		t.Errorf("an unknown role takes %v allocations: are all versions gone through?", n)
	}
}
