// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lines is a plan as one line per check, those behind another one indented.
func lines(plan []Check) []string {
	var text []string
	add := func(indent string, c Check) {
		place := c.Service.Ports.String() + "/" + string(c.Service.Network)
		if c.Service.RPC != nil {
			place += " " + c.Service.RPC.Name
		}
		text = append(text, fmt.Sprintf("%s%d %s %s %s %s %s", indent, len(text), c.Host, c.Service.Name, place, c.From, c.Want))
	}
	for _, c := range plan {
		add("", c)
		for _, b := range c.Behind {
			add("  ", b)
		}
	}
	return text
}

func TestPlan(t *testing.T) {
	c := openGood(t)
	mail := Host{Name: "mail01", Version: "2019", Role: "mailbox"}
	static := mail
	static.RPCPorts = map[string]uint16{"emsmdb": 59532}
	tests := []struct {
		name     string
		topology Topology
		from     string
		want     []string
	}{
		{"interfaces stand behind the mapper, unasked rows nowhere", Topology{Hosts: []Host{mail}}, "client", []string{
			"0 mail01 smtp 25/tcp client optional",
			"1 mail01 endpoint-mapper 135/tcp client optional",
			"  2 mail01 emsmdb dynamic/tcp EMSMDB client optional",
			"  3 mail01 nspi dynamic/tcp NSPI client off",
			"4 mail01 owa 443/tcp client required",
		}},
		{"a static port stands on its own", Topology{Hosts: []Host{static}}, "client", []string{
			"0 mail01 emsmdb 59532/tcp EMSMDB client optional",
			"1 mail01 smtp 25/tcp client optional",
			"2 mail01 endpoint-mapper 135/tcp client optional",
			"  3 mail01 nspi dynamic/tcp NSPI client off",
			"4 mail01 owa 443/tcp client required",
		}},
		{"what must not be reachable is asked too", Topology{Hosts: []Host{mail}}, "internet", []string{
			"0 mail01 smtp 25/tcp internet required",
			"1 mail01 endpoint-mapper 135/tcp internet forbidden",
			"  2 mail01 emsmdb dynamic/tcp EMSMDB internet forbidden",
		}},
		{"numbers go on over the hosts", Topology{Hosts: []Host{mail, {Name: "edge01", Version: "2019", Role: "edge"}}}, "mailbox", []string{
			"0 mail01 endpoint-mapper 135/tcp mailbox required",
			"  1 mail01 emsmdb dynamic/tcp EMSMDB mailbox required",
			"2 edge01 smtp 25/tcp mailbox required",
		}},
		{"two roles of one host", Topology{Hosts: []Host{mail, {Name: "mail01", Version: "2019", Role: "edge"}}}, "internet", []string{
			"0 mail01 smtp 25/tcp internet required",
			"1 mail01 endpoint-mapper 135/tcp internet forbidden",
			"  2 mail01 emsmdb dynamic/tcp EMSMDB internet forbidden",
			"3 mail01 smtp 25/tcp internet required",
		}},
		{"the topology's from, and the only role", Topology{From: "server", Hosts: []Host{{Name: "old", Version: "5.5"}}}, "", []string{
			"0 old x400 102/tcp server optional",
		}},
		{"a from given beats the topology's", Topology{From: "server", Hosts: []Host{{Name: "e", Version: "2019", Role: "edge"}}}, "internet", []string{
			"0 e smtp 25/tcp internet required",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			plan, err := c.Plan(test.topology, test.from)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, lines(plan)); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
			again, _ := c.Plan(test.topology, test.from)
			if diff := cmp.Diff(plan, again); diff != "" {
				t.Errorf("the second plan differs:\n%s", diff)
			}
		})
	}
	// A static port of one plan must not show in the catalogue.
	if s := all(t, c)[1].Services[0]; s.Ports != (Ports{}) {
		t.Errorf("planning changed the catalogue: %+v", s)
	}
}

func TestPlanErrors(t *testing.T) {
	c := openGood(t)
	const froms = "client, internet-client, internet, mailbox, client-access, hub, edge, um, um-gateway, admin, load-balancer, ocs, " +
		"front-end, back-end, server, other-site, x400-peer, adc, relay, agent, online, self"
	tests := []struct {
		name, from string
		hosts      []Host
		want       string
	}{
		{"from", "clients", []Host{{Name: "h"}}, `unknown from "clients": did you mean client? accepted: ` + froms},
		{"no hosts", "", nil, "no hosts are given: name at least one"},
		{"no name", "", []Host{{Name: " ", Version: "2019"}}, `host " ": the name is empty: give a DNS name or an address`},
		{"default version", "", []Host{{Name: "h"}}, `host "h": unknown version "se": accepted: 2019, 5.5`},
		{"version", "", []Host{{Name: "h", Version: "2018", Origin: "org.yaml:3"}},
			`org.yaml:3: host "h": unknown version "2018": did you mean 2019? accepted: 2019, 5.5`},
		{"role", "", []Host{{Name: "h", Version: "2019", Role: "mail"}},
			`host "h": unknown role "mail": did you mean mailbox? accepted: mailbox, edge`},
		{"twice", "internet", []Host{{Name: "h", Version: "2019"}, {Name: "H", Version: "2019", Role: "mailbox"}},
			`host "H": given twice as mailbox: list each role of a host once`},
		{"nothing for from", "hub", []Host{{Name: "h", Version: "2019"}},
			`host "h": nothing of role mailbox in version 2019 is for hub, only for: client, internet, mailbox`},
		{"unknown interface", "client", []Host{{Name: "h", Version: "2019", RPCPorts: map[string]uint16{"emsdb": 6001}}},
			`host "h": unknown RPC interface "emsdb": did you mean emsmdb? accepted: emsmdb, nspi`},
		{"no interface at all", "server", []Host{{Name: "h", Version: "5.5", RPCPorts: map[string]uint16{"emsmdb": 6001}}},
			`host "h": unknown RPC interface "emsmdb": nothing is accepted here`},
		{"port 0", "client", []Host{{Name: "h", Version: "2019", RPCPorts: map[string]uint16{"emsmdb": 0}}},
			`host "h": the port of RPC interface emsmdb is 0: give 1 to 65535`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.Plan(Topology{Hosts: test.hosts}, test.from)
			if err == nil || err.Error() != test.want {
				t.Errorf("\n got %v\nwant %s", err, test.want)
			}
			var word *WordError
			if strings.Contains(test.want, "unknown ") && !errors.As(err, &word) {
				t.Errorf("%T does not wrap a *WordError", err)
			}
		})
	}
}

// A role may come with no service at all from a user's file.
func TestPlanEmptyRole(t *testing.T) {
	c := openGood(t)
	text := "version: \"5.5\"\nroles: [{name: idle, text: does nothing}]\n" +
		"services: [{name: x, role: idle, port: dynamic, protocol: udp, unasked: no fixed port}]\n"
	if err := c.Add("user.yaml", strings.NewReader(text), nil); err != nil {
		t.Fatal(err)
	}
	_, err := c.Plan(Topology{Hosts: []Host{{Name: "h", Version: "5.5", Role: "idle"}}}, "")
	const want = `host "h": nothing of role idle in version 5.5 is for client, only for: none`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestLoadTopology(t *testing.T) {
	text := `from: admin
hosts:
  - {name: mail01, version: "2019", role: mailbox, rpc_ports: {emsmdb: 59532}}
  - name: 2001:db8::1
    site: Berlin
    labels: {owner: team-a, rack: 7}
`
	got, err := LoadTopology("org.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	want := Topology{From: "admin", Hosts: []Host{
		{Name: "mail01", Version: "2019", Role: "mailbox", RPCPorts: map[string]uint16{"emsmdb": 59532}, Origin: "org.yaml:3"},
		{Name: "2001:db8::1", Site: "Berlin", Labels: map[string]string{"owner": "team-a", "rack": "7"}, Origin: "org.yaml:4"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("topology (-want +got):\n%s", diff)
	}
}
