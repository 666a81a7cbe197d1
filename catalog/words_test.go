// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWordError(t *testing.T) {
	versions := []string{"online", "se", "2019", "2016", "2013"}
	tests := []struct {
		err  WordError
		want string
	}{
		{WordError{"version", "2018", versions},
			`unknown version "2018": did you mean 2019? accepted: online, se, 2019, 2016, 2013`},
		{WordError{"version", "SE", versions},
			`unknown version "SE": did you mean se? accepted: online, se, 2019, 2016, 2013`},
		{WordError{"version", "15.2", versions},
			`unknown version "15.2": did you mean se or 2019? accepted: online, se, 2019, 2016, 2013`},
		{WordError{"format", "jsno", []string{"table", "json", "csv"}},
			`unknown format "jsno": did you mean json? accepted: table, json, csv`},
		{WordError{"format", "potato-soup", []string{"table", "json"}},
			`unknown format "potato-soup": accepted: table, json`},
		{WordError{"service", "smtp", nil},
			`unknown service "smtp": nothing is accepted here`},
		{WordError{"role", "", []string{"mailbox", "edge"}},
			`the role is missing: accepted: mailbox, edge`},
		{WordError{"role", "MBX", []string{"mailbox", "edge"}},
			`unknown role "MBX": did you mean mailbox? accepted: mailbox, edge`},
		{WordError{"role", "cas", []string{"mailbox", "edge"}},
			`unknown role "cas": accepted: mailbox, edge`},
		{WordError{"role", "Client Access server", []string{"mailbox", "client-access"}},
			`unknown role "Client Access server": did you mean client-access? accepted: mailbox, client-access`},
		{WordError{"from", "Workstation", froms()[:2]},
			`unknown from "Workstation": did you mean client? accepted: client, internet-client`},
		{WordError{"role", strings.Repeat("m\x1b", 60), []string{"mailbox"}},
			`unknown role "` + strings.Repeat(`m\x1b`, 24) + `...` + strings.Repeat(`m\x1b`, 12) + `": accepted: mailbox`},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("\n got %s\nwant %s", got, test.want)
		}
	}
}

// TestCalled: what people and Get-ExchangeServer call versions.
func TestCalled(t *testing.T) {
	for word, want := range map[string]string{
		"Exchange2019": "2019", "Exchange Server 2019": "2019", "ex2016": "2016", "2019 CU14": "2019", "2019cu14": "2019",
		"Microsoft Exchange Server 2016 Cumulative Update 23": "2016", "2007 SP3 RU10": "2007", "5.5 SP4": "5.5",
		"sub edition": "se", "Exchange Server Subscription Edition": "se", "SE RTM": "se", "Office 365": "online", "m365": "online",
		"15.2": "2019 se", "15.1": "2016", "15.02.1118.007": "2019", "15.2.2562.17": "se", "Version 15.2 (Build 1118.7)": "2019",
		"14.3": "2010", "6.5.7638.1": "2003", "15.20.7741.1": "online",
		"Version 6.5 (Build 7638.2: Service Pack 2)": "2003", "Version 6.5 (Build 7638)": "2003", "Version 5.5 (Build 2653.23: Service Pack 4)": "5.5",
		"Version 15.1 (Build 32507.6)": "2016", "Version 15.2 (Build 32562.17)": "se", // as serialNumber in Active Directory
		"Version 15.2 (Build 1900.1)": "2019 se", "Version 15.2 (Build 99999999999999999999.1)": "", "Version 99.1 (Build 1.2)": "", "0.1 (8.0.535.0)": "",
		"exchange": "", "2018": "", "2091": "", "16.0": "", "2019; rm": "", "CU14": "", "": "", "lab": "", "2019.1": "",
	} {
		if got := strings.Join(Called("version", word), " "); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// A version of the user's own is called by its name and its builds, too.
func TestVersionsCalledOfUsers(t *testing.T) {
	c := mustOpen(t)
	const text = "version: vnext\ntitle: Exchange vNext\nproduct: Exchange Server\norder: 2030\nbuilds: [\"16.0\"]\nroles: [{name: r, text: t}]\nservices: [{name: x, role: r, port: 26, protocol: smtp, wants: {client: required}}]\n"
	if err := c.Add("user.yaml", strings.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][2]string{
		" VNext ": {"vnext"}, "Exchange\u00a0Server\n2019": {"2019"}, "Exchange Server vNext CU1": {"vnext"}, "Version 16.0 (Build 31.2)": {"vnext", "16.0.31.2"}, "2019": {"2019"},
		"15.2.1900.1": {"2019 se", "15.2.1900.1"}, "16.9.1.1": {"", "16.9.1.1"}, "lab": {},
	} {
		versions, build := c.Releases().VersionsCalled(word)
		if got := [2]string{strings.Join(versions, " "), build}; got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// TestNamed: spelling makes no difference to a role, but a misspelling is none.
func TestNamed(t *testing.T) {
	accepted := []string{"mailbox", "client-access", "hub", "um", "edge"}
	for word, want := range map[string]string{
		"Mailbox": "mailbox", "ClientAccess": "client-access", "Client Access Server": "client-access", "cafe": "client-access", "client_access": "client-access",
		"UnifiedMessaging": "um", "Hub Transport Server Role": "hub", "EdgeTransport": "edge", "mailbx": "", "dc": "", "": "",
	} {
		if got := strings.Join(Named("role", word, accepted), " "); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

// TestOtherWords: every other word leads to one that the catalogue has.
func TestOtherWords(t *testing.T) {
	versions, err := mustOpen(t).Versions()
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]bool{}
	for _, v := range versions {
		for _, r := range v.Roles {
			roles[r.Name] = true
		}
	}
	for kind, words := range otherWords {
		for other, word := range words {
			switch {
			case kind == "role" && !roles[word], kind == "from" && !isFrom(word):
				t.Errorf("%s %q leads to %q, which does not exist", kind, other, word)
			case squeezed(other) != other, kind == "from" && isFrom(other):
				t.Errorf("%s %q is never looked up", kind, other)
			}
		}
	}
}

func TestNearestLeavesItsInput(t *testing.T) {
	accepted := []string{"table", "json"}
	if got := Nearest("jsn", accepted); got[0] != "json" || accepted[0] != "table" {
		t.Errorf("got %v, input is now %v", got, accepted)
	}
}

func TestDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "hub", 3}, {"hub", "", 3}, {"hub", "HUB", 0},
		{"smpt", "smtp", 1}, {"port", "ports", 1}, {"clint", "client", 1}, {"2018", "2019", 1},
		{"prot", "protocol", 4}, {"prot", "port", 1}, {"kitten", "sitting", 3},
	}
	for _, test := range tests {
		if got := distance(test.a, test.b); got != test.want {
			t.Errorf("distance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// A version of the user's own that says nothing of its place comes last, or by its number.
func TestReleaseOrder(t *testing.T) {
	want := []string{"4.0", "5.0", "5.5", "2000", "2003", "2007", "2010", "2013", "2016", "2019", "2022", "se", "online", "davmail", "windows", "zz-mine"}
	c := mustOpen(t)
	for _, name := range []string{"zz-mine", "2022"} {
		text := "version: \"" + name + "\"\ntitle: t\nroles: [{name: r, text: t}]\nservices: [{name: x, role: r, port: 26, protocol: smtp, wants: {client: required}}]\n"
		if err := c.Add("user.yaml", strings.NewReader(text), nil); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, c.Names()); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestFromsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Froms {
		if f.Text == "" || seen[f.Name] || !namePattern.MatchString(f.Name) {
			t.Errorf("from %q: text %q, twice %t", f.Name, f.Text, seen[f.Name])
		}
		seen[f.Name] = true
	}
	if !seen[DefaultFrom] {
		t.Errorf("DefaultFrom %q is not one of Froms", DefaultFrom)
	}
}

// TestShown: a message repeats enough of a word to find it, and no password.
func TestShown(t *testing.T) {
	for word, want := range map[string]string{
		"mail01.contoso.com":                                 "mail01.contoso.com",
		"anna@contoso.com":                                   "anna@contoso.com",
		"https://mail01:8443/owa/":                           "https://mail01:8443/owa/",
		"https://anna:secret@mail01/":                        "https://***@mail01/",
		"https://secret@mail01/":                             "https://***@mail01/",
		"HTTPS://an:se/cr@et@mail01":                         "HTTPS://***@mail01",
		"https://mail01:8443/owa/?a=b@c":                     "https://mail01:8443/owa/?...",
		"https://mail01/?password=secret":                    "https://mail01/?...",
		"https://anna:sec#ret@mail01/#secret":                "https://***@mail01/#...",
		"https://mail01/anna@contoso.com":                    "https://mail01/anna@contoso.com",
		"anna:secret@mail01":                                 "***@mail01",
		"//anna:secret@mail01":                               "***@mail01",
		"smtp://anna:secret@[2001:db8::1]:25":                "smtp://***@[2001:db8::1]:25",
		"https://a:" + strings.Repeat("s", 8000) + "@mail01": "https://***@mail01",
		strings.Repeat("m", 75):                              strings.Repeat("m", 75),
		strings.Repeat("a", 100) + strings.Repeat("ü", 8000): strings.Repeat("a", 48) + "..." + strings.Repeat("ü", 24),
	} {
		got := Shown(word)
		if got != want {
			t.Errorf("%.100s is shown as %s, want %s", word, got, want)
		}
		if utf8.RuneCountInString(got) > longWord {
			t.Errorf("%.100s is shown in %d letters", word, utf8.RuneCountInString(got))
		}
	}
}
