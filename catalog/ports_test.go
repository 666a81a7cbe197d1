// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPlanPorts: what is asked at a port that the user names, as "version role service
// protocol tls page".
func TestPlanPorts(t *testing.T) {
	const own = `
version: lab
title: Laboratory
roles: [{name: server, text: a server of the test}]
services:
  - {name: console, role: server, port: 9443, protocol: tcp, tls: implicit, wants: {client: forbidden}, exposure: it is the console}
`
	cat := Open()
	if err := cat.Add("own.yaml", strings.NewReader(own), []string{"tcp"}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		host Host
		from string
		want []string
	}{
		{Host{Ports: []Port{{TCP, 443}}}, "client", []string{"  https http implicit "}},
		{Host{Ports: []Port{{TCP, 443}}, Version: Auto, Role: Auto}, "mailbox", []string{"  https http implicit "}},
		{Host{Ports: []Port{{TCP, 80}}}, "client", []string{"  http http none "}},
		{Host{Ports: []Port{{TCP, 25}, {TCP, 8443}}}, "client", []string{"  smtp smtp starttls ", "  port-8443 any none "}},
		{Host{Ports: []Port{{TCP, 53}, {UDP, 53}, {UDP, 8443}}}, "client", []string{"  dns dns none ", "  dns-udp dns none ", "  port-8443 any none "}},
		{Host{Ports: []Port{{TCP, 9443}}}, "client", []string{"  console tcp implicit "}},
		{Host{Ports: []Port{{TCP, 587}}, Version: "2019"}, "client", []string{"2019 mailbox smtp-submission smtp starttls "}},
		{Host{Ports: []Port{{TCP, 8443}}, Version: "2019"}, "client", []string{"2019  port-8443 any none "}},
		{Host{Ports: []Port{{TCP, 389}}, Version: "2019"}, "client", []string{"2019 domain-controller ldap ldap none "}},
		{Host{Ports: []Port{{TCP, 25}}, Version: "2019", Role: "edge"}, "internet", []string{"2019 edge smtp smtp starttls "}},
		{Host{Ports: []Port{{TCP, 444}}, Version: "2019"}, "client", []string{"2019 mailbox back-end-https http implicit /EWS/Exchange.asmx"}},
	} {
		test.host.Name = "mail01"
		plan, err := cat.Plan(Topology{Hosts: []Host{test.host}}, test.from)
		if err != nil {
			t.Errorf("%+v: %v", test.host, err)
			continue
		}
		var got []string
		for _, c := range plan {
			s := c.Service
			got = append(got, fmt.Sprintf("%s %s %s %s %s %s", c.Version, s.Role, s.Name, s.Protocol, s.TLS, s.Page()))
			if c.Want != Required || s.Wants[test.from] != Required || s.OneOf != "" || s.Exposure != "" || c.From != test.from || c.Host != "mail01" {
				t.Errorf("%+v: the check is %+v", test.host, c)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%+v as %s:\n got %q\nwant %q", test.host, test.from, got, test.want)
		}
	}
}

// TestPlanPortOfVersion: the services that a version has at a port are all asked, each
// page once, and only those for who connects.
func TestPlanPortOfVersion(t *testing.T) {
	for from, least := range map[string]int{"client": 8, "um": 0} {
		plan, err := Open().Plan(Topology{Hosts: []Host{{Name: "mail01", Version: "2019", Ports: []Port{{TCP, 443}}}}}, from)
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]bool{}
		for _, c := range plan {
			if c.Service.Ports.First != 443 || pages[strings.ToLower(c.Service.Page())] || from == "client" && c.Service.Name == "powershell" {
				t.Errorf("as %s: %s at %s%s", from, c.Service.Name, c.Service.Location(), c.Service.Page())
			}
			pages[strings.ToLower(c.Service.Page())] = true
		}
		if len(pages) <= least {
			t.Errorf("as %s only %v are asked", from, pages)
		}
	}
}

// TestPlanPortsErrors: a word of a host that is checked at its ports is wrong all the same.
func TestPlanPortsErrors(t *testing.T) {
	for _, h := range []Host{{Version: "2091"}, {Version: "2019", Role: "mailbx"}} {
		h.Name, h.Ports = "mail01", []Port{{TCP, 443}}
		_, err := Open().Plan(Topology{Hosts: []Host{h}}, "client")
		if word := (*WordError)(nil); !errors.As(err, &word) {
			t.Errorf("%+v: %v", h, err)
		}
	}
}

func TestParsePort(t *testing.T) {
	for word, want := range map[string]string{
		"443": "443/tcp", "443/tcp": "443/tcp", "53/UDP": "53/udp", "65535": "65535/tcp",
		"0": "", "65536": "", "": "", "-1": "", "+1": "", "80/": "", "80/sctp": "", "https": "", "1-9": "",
	} {
		p, err := ParsePort(word)
		if got := p.String(); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q is %s, %v; want %q", word, got, err, want)
		}
	}
}

// TestManyPorts: a host may be asked all its ports, most of which no version has.
func TestManyPorts(t *testing.T) {
	var ports []Port
	for n := range 1000 {
		ports = append(ports, Port{TCP, uint16(50000 + n)})
	}
	c := Open()
	plan := func() {
		checks, err := c.Plan(Topology{Hosts: []Host{{Name: "mail01", Ports: ports}}}, "client")
		if err != nil || len(checks) != len(ports) {
			t.Fatal(len(checks), err)
		}
	}
	plan()
	if n := testing.AllocsPerRun(10, plan) / float64(len(ports)); n > 8 {
		t.Errorf("each port takes %v allocations", n)
	}
}

// TestAsksOften: a list of hosts asks this for each of its rows.
func TestAsksOften(t *testing.T) {
	v, err := Open().Version("2019")
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { v.Asks("mailbox", "client") }); n > 0 {
		t.Errorf("it takes %v allocations", n)
	}
}
