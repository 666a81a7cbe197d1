// SPDX-License-Identifier: Apache-2.0

package device_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
	"exreach/report/content"
	"exreach/report/device"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// asked is what one report may ask for: both transports, both families, several sources,
// and one port that is the same for two of them.
var asked = []content.Ask{
	{Action: content.Allow, Source: "10.1.0.5", Address: "192.0.2.10", Network: catalog.TCP, Port: 443},
	{Action: content.Allow, Source: "10.1.0.5", Address: "192.0.2.10", Network: catalog.TCP, Port: 135},
	{Action: content.Allow, Source: "10.1.0.5", Address: "192.0.2.10", Network: catalog.TCP, Port: 59531},
	{Action: content.Allow, Source: "10.1.0.5", Address: "192.0.2.40", Network: catalog.UDP, Port: 88},
	{Action: content.Allow, Source: "10.2.0.9", Address: "192.0.2.10", Network: catalog.TCP, Port: 443},
	{Action: content.Allow, Source: "2001:db8:1::5", Address: "2001:db8:2::10", Network: catalog.TCP, Port: 25},
	{Action: content.Block, Source: "10.1.0.5", Address: "192.0.2.10", Network: catalog.TCP, Port: 3389},
}

// TestGolden: the commands of every device, and the notes that go with them, which name the
// documents of their syntax.
func TestGolden(t *testing.T) {
	for _, name := range device.Names() {
		t.Run(name, func(t *testing.T) {
			q := device.NewQuestions(named(t, name))
			lines := q.Of(asked)
			for _, note := range q.Notes() {
				lines = append(lines, "note: "+note)
			}
			got := strings.Join(lines, "\n") + "\n"
			file := filepath.Join("testdata", name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (go test ./report/device -update rewrites it) -want +got:\n%s", file, diff)
			}
		})
	}
}

// TestNamed: an unknown device is answered with those that there are.
func TestNamed(t *testing.T) {
	for _, word := range []string{"", "cisco", "ASA ", "fortigat"} {
		_, err := device.Named(word)
		var unknown *catalog.WordError
		if !errors.As(err, &unknown) || unknown.Kind != "device" || !slices.Equal(unknown.Accepted, []string{"fortigate", "paloalto", "asa", "windows"}) {
			t.Errorf("%q: %v", word, err)
		}
	}
}

// forms is what the commands of each device may look like at all, with any addresses and
// numbers.
var forms = map[string]*regexp.Regexp{
	"fortigate": regexp.MustCompile(`\Adiagnose firewall iprope lookup [\d.]{7,15} 49152 [\d.]{7,15} \d{1,5} (6|17) INTERFACE\z`),
	"paloalto":  regexp.MustCompile(`\Atest security-policy-match source [\d.]{7,15} destination [\d.]{7,15} destination-port \d{1,5} protocol (6|17)\z`),
	"asa":       regexp.MustCompile(`\Apacket-tracer input INTERFACE (tcp|udp) [\da-f.:]{2,39} 49152 [\da-f.:]{2,39} \d{1,5}\z`),
	"windows": regexp.MustCompile(`\AGet-NetFirewallPortFilter -PolicyStore ActiveStore \| Where-Object \{ \$_\.Protocol -in 'Any','(TCP','6|UDP','17)' ` +
		`-and @\(\$_\.LocalPort \| Where-Object \{ \$_ -in 'Any','\d{1,5}'(,'RPC(EPMap)?')? -or ` +
		`\(\$_ -match '\^\(\\d\+\)-\(\\d\+\)\$' -and \d{1,5} -ge \[int\]\$Matches\[1\] -and \d{1,5} -le \[int\]\$Matches\[2\]\) \}\) \} ` +
		`\| Get-NetFirewallRule -PolicyStore ActiveStore \| Where-Object \{ \$_\.Enabled -eq 'True' -and \$_\.Direction -eq 'Inbound' \} ` +
		`\| Format-Table -Property DisplayName, Action, Profile # on [\da-f.:]{2,39}\z`),
}

// hostile is what a report of hostile making can have in any field.
var hostile = []string{
	"", "$(reboot)", "192.0.2.10; execute factoryreset", "192.0.2.10\nexecute factoryreset", "192.0.2.10\rreload", "fe80::1%eth0", "fe80::1%$(reboot)",
	"fe80::1%\nreload", "192.0.2.10/0", "any", "::", "0.0.0.0", "ff02::1", "224.0.0.1", "::ffff:224.0.0.1", "::ffff:0.0.0.0", "255.255.255.255", "240.0.0.1", "0.1.2.3",
	"127.0.0.1", "::1", "169.254.3.4", "fe80::1", "::ffff:127.0.0.1", "256.1.1.1", "192.0.2.010",
	" 192.0.2.10", "192.0.2.10 ", "192.0.2.10\x00", "\u202e192.0.2.10", "１９２.0.2.10", "| Remove-NetFirewallRule", "`reload`", "'; Stop-Computer #",
	strings.Repeat("1", 1<<20), "tcp any any", "TCP", "mail01.contoso.com",
}

// TestHostile: whatever a report says, a line is a command of the device with addresses and
// numbers, or it is not there.
func TestHostile(t *testing.T) {
	for name, form := range forms {
		q := device.NewQuestions(named(t, name))
		check := func(asks []content.Ask) (lines int) {
			for _, line := range q.Of(asks) {
				lines++
				if !form.MatchString(line) {
					t.Errorf("%s: %q", name, line)
				}
			}
			return lines
		}
		for _, sound := range []content.Ask{asked[0], asked[5]} {
			for _, text := range hostile {
				unfit := []content.Ask{sound, sound, sound, sound}
				unfit[0].Address, unfit[2].Network, unfit[3].Port = text, catalog.Network(text), 0
				if unfit[1].Source = text; text == "" { // not known, which is no fault
					unfit[1].Source = "x"
				}
				if n := check(unfit); n > 0 {
					t.Errorf("%s: %d commands made of %.40q", name, n, text)
				}
			}
		}
		for _, text := range hostile {
			check([]content.Ask{{
				Action: content.Allow, Machine: text, Source: "10.9.9.9", Host: text, Site: text, Address: "192.0.2.77", Network: catalog.TCP, Port: 25,
				Services: []string{text}, Reason: text, Observation: text,
			}})
		}
	}
}

// TestMapped: an IPv4 address in the form of IPv6 is one of IPv4, and the two families do
// not mix in a command.
func TestMapped(t *testing.T) {
	q := device.NewQuestions(named(t, "fortigate"))
	got := q.Of([]content.Ask{
		{Action: content.Allow, Source: "::ffff:10.1.0.5", Address: "::ffff:192.0.2.10", Network: catalog.TCP, Port: 443},
		{Action: content.Allow, Source: "2001:db8::5", Address: "192.0.2.10", Network: catalog.TCP, Port: 443},
		{Action: content.Allow, Source: "10.1.0.5", Address: "2001:db8::10", Network: catalog.TCP, Port: 443},
	})
	want := []string{"diagnose firewall iprope lookup 10.1.0.5 49152 192.0.2.10 443 6 INTERFACE"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestOnce: a command that several hosts or runs share is printed once.
func TestOnce(t *testing.T) {
	for name, want := range map[string]int{"fortigate": 5, "paloalto": 5, "asa": 6, "windows": 5} {
		q := device.NewQuestions(named(t, name))
		first, again := q.Of(asked), q.Of(asked)
		if len(first) != want || len(again) != 0 {
			t.Errorf("%s: %d commands, and %d when asked again", name, len(first), len(again))
		}
	}
}

// TestNotes: what has no command is counted, with the reason.
func TestNotes(t *testing.T) {
	ask := func(source, address string) content.Ask {
		return content.Ask{Action: content.Allow, Source: source, Address: address, Network: catalog.TCP, Port: 443}
	}
	const (
		ipv6   = "left out: IPv6, which the documented syntax of Fortinet FortiGate does not cover"
		source = "left out: the report does not say from which address it was asked"
		unfit  = "left out: its addresses, transport or port do not fit into a command"
	)
	asks := []content.Ask{ask("2001:db8::5", "2001:db8::10"), ask("", "192.0.2.10"), ask("", "192.0.2.11"), ask("10.1.0.5", "nowhere")}
	for _, test := range []struct {
		device string
		asks   []content.Ask
		want   []string // the beginnings of the notes about what was left out
	}{
		{"fortigate", asks, []string{"1 blocked port " + ipv6, "2 blocked ports " + source, "1 blocked port " + unfit}},
		{"asa", asks, []string{"run these", "put the name", "the syntax", "2 blocked ports " + source, "1 blocked port " + unfit}},
		{"windows", asks, []string{"run these", "the syntax", "the syntax", "the syntax", "1 blocked port " + unfit}},
		{"asa", nil, []string{"no port in this report looks blocked by a firewall: there is nothing to ask"}},
	} {
		q := device.NewQuestions(named(t, test.device))
		q.Of(test.asks)
		got := q.Notes()
		if !slices.EqualFunc(got, test.want, strings.HasPrefix) {
			t.Errorf("%s: %q", test.device, got)
		}
	}
}

// TestDocs: the page about the devices has each with its place, its needs and its sources.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "device.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range device.Names() {
		d := named(t, name)
		words := []string{"`" + d.Name + "`", d.Title}
		for _, s := range d.Documents {
			words = append(words, "("+s.Address+")")
		}
		for _, word := range words {
			if !strings.Contains(string(page), word) {
				t.Errorf("docs/device.md does not have %s", word)
			}
		}
	}
}

func named(t *testing.T, name string) device.Device {
	t.Helper()
	d, err := device.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
