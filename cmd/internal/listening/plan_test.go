// SPDX-License-Identifier: Apache-2.0

package listening

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe/far"
)

// planFor makes a plan of roles, each VERSION ROLE.
func planFor(t *testing.T, words ...string) Plan {
	t.Helper()
	p, err := PlanFor(catalog.Open(), hosts(words...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func hosts(words ...string) []catalog.Host {
	var all []catalog.Host
	for _, word := range words {
		version, role, _ := strings.Cut(word, " ")
		all = append(all, catalog.Host{Name: "far", Version: version, Role: role})
	}
	return all
}

// TestPlans looks for ports that each of these roles must open, and for RPC ports in the range
// of the version.
func TestPlans(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  string   // the version
		ports []uint16 // some of them
		rpc   [2]uint16
	}{
		{[]string{" "}, "se", []uint16{25, 443, 135}, [2]uint16{6005, 59530}},
		{[]string{" domain-controller"}, "se", []uint16{53, 88, 389, 135}, [2]uint16{49152, 65535}},
		{[]string{"2010 client-access", "2010 hub"}, "2010", []uint16{25, 443, 135}, [2]uint16{6005, 65535}},
		{[]string{"5.5 "}, "5.5", []uint16{25, 135}, [2]uint16{1025, 5000}},
		{[]string{"2003 back-end"}, "2003", []uint16{25, 135}, [2]uint16{1025, 5000}},
	} {
		p := planFor(t, c.words...)
		if p.Version.Name != c.want {
			t.Errorf("%v: version %s, want %s", c.words, p.Version.Name, c.want)
		}
		openings := p.Openings(nil)
		for _, port := range c.ports {
			if !slices.ContainsFunc(openings, func(o far.Opening) bool { return o.Port == port }) {
				t.Errorf("%v: port %d is not opened", c.words, port)
			}
		}
		used := map[uint16]string{}
		for name, port := range p.Static {
			if port < c.rpc[0] || port > c.rpc[1] {
				t.Errorf("%v: %s has port %d, which is not in %v", c.words, name, port, c.rpc)
			}
			if used[port] != "" {
				t.Errorf("%v: %s and %s have port %d", c.words, name, used[port], port)
			}
			used[port] = name
		}
		for _, s := range p.Services {
			if s.RPC == nil && used[s.Ports.First] != "" {
				t.Errorf("%v: %s has the port of %s", c.words, used[s.Ports.First], s.Name)
			}
		}
	}
}

// TestPlanMistakes wants one sentence for each, with a hint where there is one to give.
func TestPlanMistakes(t *testing.T) {
	for _, c := range []struct{ words, says []string }{
		{[]string{"2019 mailbax"}, []string{"version 2019", "mailbax"}},
		{[]string{"2019 hub"}, []string{`version 2019`, "hub"}},
		{[]string{"se mailbox", "se mailbox"}, []string{"role mailbox: it is named twice"}},
		{[]string{"2019 mailbox", "2010 hub"}, []string{"versions 2019 and 2010"}},
		{[]string{"2020 mailbox"}, []string{"2020"}},
	} {
		_, err := PlanFor(catalog.Open(), hosts(c.words...))
		for _, part := range c.says {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v: error %v, want %q", c.words, err, part)
			}
		}
	}
	host := hosts("2010 client-access")
	host[0].RPCPorts = map[string]uint16{"emsmbd": 59532}
	if _, err := PlanFor(catalog.Open(), host); err == nil || !strings.Contains(err.Error(), `"emsmbd"`) {
		t.Errorf("an unknown interface: error %v", err)
	}
}

// TestStaticPorts wants the port of the topology where a host has one.
func TestStaticPorts(t *testing.T) {
	host := hosts("2010 client-access")
	host[0].RPCPorts = map[string]uint16{"emsmdb": 59532}
	p, err := PlanFor(catalog.Open(), host)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range p.Openings(nil) {
		if (o.Service == "emsmdb") != (o.Port == 59532) {
			t.Errorf("%s is opened at port %d", o.Service, o.Port)
		}
	}
}

// TestClashes: two roles that want one port for different protocols.
func TestClashes(t *testing.T) {
	if told := planFor(t, "se mailbox").Clashes(); told != nil {
		t.Errorf("one role clashes with itself: %q", told)
	}
	p := planFor(t, "se mailbox")
	other := p.Services[0]
	other.Name, other.Role, other.Protocol = "relay", "filter", "irc"
	p.Services = append(p.Services, other)
	if told := p.Clashes(); len(told) != 1 || !strings.Contains(told[0], "port 25/tcp is that of smtp (role mailbox) and of relay (role filter): smtp answers there") {
		t.Errorf("told %q", told)
	}
}

// TestAllowed: who is served by default, and who is named.
func TestAllowed(t *testing.T) {
	a, err := ParseAllowed([]string{"203.0.113.7", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	for addr, want := range map[string]bool{
		"10.1.2.3": true, "172.16.0.1": true, "172.32.0.1": false, "192.168.9.9": true, "100.64.0.1": true, "127.0.0.1": true, "169.254.1.1": true,
		"::1": true, "fd00::1": true, "fe80::1%eth0": true, "::ffff:10.0.0.1": true, "::ffff:8.8.8.8": false, "8.8.8.8": false,
		"203.0.113.7": true, "203.0.113.8": false, "2001:db8::5": true, "2001:db9::5": false,
	} {
		if got := a.Has(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is served: %t, want %t", addr, got, want)
		}
	}
	for _, word := range []string{"", "far.example", "10.0.0.0/33", "10.0.0", "::ffff:10.0.0.0/104"} {
		if _, err := ParseAllowed([]string{word}); err == nil || !strings.Contains(err.Error(), "is neither an address nor a network") {
			t.Errorf("%q: error %v", word, err)
		}
	}
}
