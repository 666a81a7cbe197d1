// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/lookup"
)

// TestHostOf: what people write for a host and its port.
func TestHostOf(t *testing.T) {
	for word, want := range map[string]string{
		"mail01":                       "mail01",
		"mail01:443":                   "mail01:443",
		"mail01:443/tcp":               "mail01:443",
		"mail01:53/UDP":                "mail01:53/udp",
		"mail.contoso.com.:443":        "mail.contoso.com.:443",
		`"mail01:443"`:                 "mail01:443",
		"192.0.2.1:25":                 "192.0.2.1:25",
		"2001:db8::1":                  "2001:db8::1",
		"[2001:db8::1]":                "2001:db8::1",
		"[2001:db8::1]:443":            "[2001:db8::1]:443",
		"[fe80::1%eth0]:443":           "[fe80::1%eth0]:443",
		"https://mail/owa":             "mail:443",
		"HTTPS://mail:8443/owa?a#b":    "mail:8443",
		"http://[2001:db8::1]/":        "[2001:db8::1]:80",
		"ldaps://dc01":                 "dc01:636",
		"smtp://user@mail.contoso.com": "mail.contoso.com:25",

		" mail01:443 ":    "mail01:443",
		"udp://mail01:53": "mail01:53/udp",
		"dns://mail01":    "mail01:53/udp",
		"rdp://mail01":    "mail01:3389",

		"mail01:":             "there is no port after the colon",
		"mail01:0":            `"0" is not a port`,
		"mail01:65536":        `"65536" is not a port`,
		"mail01:https":        `"https" is not a port`,
		"mail01:443/owa":      `unknown transport "owa"`,
		"mail01:443:25":       "",
		"[mail01]:443":        "there is no IPv6 address in the brackets",
		":443":                "there is nothing before the colon",
		":":                   "there is nothing before the colon",
		"[::1":                "the bracket is not closed",
		"[2001:db8::1:443":    "the bracket is not closed",
		"https://[::1/":       "the bracket is not closed",
		"https://:443/":       "it is a URL without a host",
		"http://127.0.0.1:-1": `host "127.0.0.1:-1": "-1" is not a port`,
		"https://mail01/%zz":  "it is a URL with a mistake in it",
		"http://":             "it is a URL without a host",
		"ntp://mail01":        "a URL whose port exreach does not know",
		"https://mail01:x/":   `"x" is not a port`,
		"https://10.0.0.1-9/": "it is more than one host",
		"10.0.0.1-9:443":      "it is more than one host",
		"mail01/owa":          "it has a slash in it",
		"0.0.0.0:443":         "it is not the address of one host",
		"anna@contoso.com:25": "it is a mail address",
	} {
		got, err := HostOf(word, "")
		wrong := strings.Contains(want, " ") || want == ""
		m := (*Mistake)(nil)
		switch {
		case wrong && (err == nil || !strings.Contains(err.Error(), want) || !errors.As(err, &m) || m.Hint == ""):
			t.Errorf("%s: %q, %v; want the error %q with a hint", word, got, err, want)
		case !wrong && (err != nil || got != want):
			t.Errorf("%s: %q, %v; want %q", word, got, err, want)
		}
		if host, port, given := splitPort(got); err == nil && given {
			if again, _ := HostOf(got, ""); again != got || host == "" || port.Number == 0 {
				t.Errorf("%s: %q is read as %q %s, and again as %q", word, got, host, port, again)
			}
		}
	}
	if _, err := HostOf("[2001:db8::1]:443", lookup.IPv4); err == nil || !strings.Contains(err.Error(), "option -4 excludes it") {
		t.Errorf("-4: %v", err)
	}
}

// TestTargetsWithPorts: a host that is named with several ports is one target; --port is
// for all of them.
func TestTargetsWithPorts(t *testing.T) {
	for _, test := range []struct {
		words []string
		ports []catalog.Port
		want  string
	}{
		{[]string{"mail01:443"}, nil, "mail01[443/tcp]"},
		{[]string{"mail01:443", "mail02", "MAIL01:53/udp", "mail01:443"}, nil, "mail01[443/tcp 53/udp] mail02[]"},
		{[]string{"mail01", "mail01:8443"}, nil, "mail01[] mail01[8443/tcp]"},
		{[]string{"mail01", "[::1]:443"}, []catalog.Port{{Network: catalog.TCP, Number: 25}}, "mail01[25/tcp] ::1[443/tcp 25/tcp]"},
		{[]string{"mail01:25"}, []catalog.Port{{Network: catalog.TCP, Number: 25}}, "mail01[25/tcp]"},
	} {
		targets, err := Named(test.words, Options{Ports: test.ports})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for target := range targets.upfront() {
			got = append(got, fmt.Sprint(target.name(), target.roles[0].Ports))
		}
		if got := strings.Join(got, " "); got != test.want || int(targets.named.Load()) != len(slices.Collect(targets.upfront())) {
			t.Errorf("%v: %s, counted as %d; want %s", test.words, got, targets.named.Load(), test.want)
		}
	}
}

// TestNotIdentified: no host is asked what it is for the sake of a port.
func TestNotIdentified(t *testing.T) {
	for _, o := range []Options{{}, {Version: "2010"}, {Role: "edge"}, {Version: "2019", Role: "mailbox"}, {Version: catalog.Auto, Role: catalog.Auto}} {
		targets, err := Named([]string{"mail01:443", "mail02:25", "mail02:8443"}, o)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(catalog.Open(), targets)
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		if s.plan.unsettled > 0 || s.plan.total < 3 {
			t.Errorf("%+v: %d checks, hosts must be identified: %t", o, s.plan.total, s.plan.unsettled > 0)
		}
	}
}

// TestTopologyOfOneHost: what a topology says of one host in many entries is gathered, and
// costs no more than as many entries of other hosts.
func TestTopologyOfOneHost(t *testing.T) {
	const many = 4000
	var text strings.Builder
	text.WriteString("hosts:\n- {name: mail01, version: '2019', role: mailbox}\n")
	for n := range many {
		fmt.Fprintf(&text, "- {name: 'MAIL01:%d', site: Bonn}\n", 50000+n)
	}
	text.WriteString("- {name: 'mail01:50000'}\n- {name: 'mail01:443', version: '2019', role: mailbox, labels: {rack: 7}}\n")
	targets, err := Topology("org.yaml", strings.NewReader(text.String()), Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := slices.Collect(targets.upfront())
	if len(all) != 1 || len(all[0].roles) != 3 {
		t.Fatalf("%d hosts, the first in %d roles", len(all), len(all[0].roles))
	}
	for i, ports := range []int{0, many, 1} {
		if h := all[0].roles[i]; len(h.Ports) != ports || h.Site != "Bonn" || h.Labels["rack"] != "7" {
			t.Errorf("%d: %d ports, site %q, labels %v; want %d ports", i, len(h.Ports), h.Site, h.Labels, ports)
		}
	}
	if _, err := New(catalog.Open(), targets); err != nil {
		t.Error(err)
	}
}

// TestTopologyOfRoles: the roles of a host are gathered in linear memory even if there are
// thousands, all of them wrong.
func TestTopologyOfRoles(t *testing.T) {
	const many = 4000
	one := target{}
	for n := range many {
		one.roles = append(one.roles, catalog.Host{Name: "mail01", Role: fmt.Sprintf("role-%d", n)})
	}
	took := bytesOf(func() { kindOf(one) })
	if limit := uint64(many * 1000); took > limit {
		t.Errorf("%d roles take %d bytes, more than %d", many, took, limit)
	}
}

// bytesOf is how much memory a function takes from the heap, in bytes.
func bytesOf(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestTogether: what is named for all hosts is not copied for each.
func TestTogether(t *testing.T) {
	ports := []catalog.Port{{Network: catalog.TCP, Number: 25}, {Network: catalog.UDP, Number: 53}}
	if n := testing.AllocsPerRun(10, func() { together(nil, ports) }); n > 1 {
		t.Errorf("it takes %v allocations", n)
	}
	var set portSet
	for range 2 {
		for n := range 3 * fewPorts {
			set.add(catalog.Port{Network: catalog.TCP, Number: uint16(n + 1)})
		}
	}
	if len(set.inOrder) != 3*fewPorts {
		t.Errorf("%d ports, each named twice, become %d", 3*fewPorts, len(set.inOrder))
	}
}
