// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// companions is the names of the services that serve as well as one.
func companions(t *testing.T, c *Catalog, version, role, service, from string) []string {
	t.Helper()
	v, err := c.Version(version)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(v.Services, func(s Service) bool { return s.Role == role && s.Name == service })
	if i < 0 {
		t.Fatalf("%s: role %s has no service %s", version, role, service)
	}
	var names []string
	for _, s := range v.Companions(v.Services[i], from) {
		names = append(names, s.Name)
	}
	return names
}

func TestCompanions(t *testing.T) {
	c := mustOpen(t)
	for _, test := range []struct {
		version, role, service, from string
		want                         []string
	}{
		{"2016", "mailbox", "um-sips", "um-gateway", []string{"um-sip", "um-sips"}},
		{"2016", "mailbox", "um-sip", "client", nil}, // has no business there
		{"2016", "mailbox", "smtp", "client", nil},
		{"5.5", "server", "ldap", "internet-client", []string{"ldap", "ldaps", "ldap-alt", "ldap-alt-379"}},
		{"5.5", "server", "ldap", "internet", nil}, // must not be reached
		{"2003", "server", "ldaps", "adc", []string{"ldap", "ldaps", "ldap-alt"}},
	} {
		got := companions(t, c, test.version, test.role, test.service, test.from)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s: companions of %s for %s (-want +got):\n%s", test.version, test.role, test.service, test.from, diff)
		}
	}
}

// A user's file may add to a group, or take a service out of one.
func TestAddToGroup(t *testing.T) {
	const head = "version: \"2016\"\nservices:\n"
	for _, test := range []struct {
		name, row string
		want      []string
	}{
		{"one more", "- {name: um-own, role: mailbox, port: 5070, protocol: smtp, wants: {um-gateway: required}, one_of: um-sip}\n",
			[]string{"um-sip", "um-sips", "um-own"}},
		{"one that stands alone", "- {name: um-sip, role: mailbox, port: 5070, protocol: smtp, wants: {um-gateway: required}}\n", nil},
	} {
		c := mustOpen(t)
		if err := c.Add("user.yaml", strings.NewReader(head+test.row), conversations); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, companions(t, c, "2016", "mailbox", "um-sips", "um-gateway")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// Ground rules of a user's file stand beside ours, and go with the checks that
// they are about.
func TestAddGroundRule(t *testing.T) {
	c := openGood(t)
	text := "version: \"2019\"\nground_rules:\n- {from: [internet], roles: [edge], text: Only port 25 is open.}\n" +
		"services:\n- {name: x, role: edge, port: 26, protocol: smtp, wants: {internet: required, mailbox: required}}\n"
	if err := c.Add("user.yaml", strings.NewReader(text), conversations); err != nil {
		t.Fatal(err)
	}
	edge := Topology{Hosts: []Host{{Name: "e", Version: "2019", Role: "edge"}}}
	for from, want := range map[string]int{"internet": 1, "mailbox": 0} {
		plan, err := c.Plan(edge, from)
		if err != nil {
			t.Fatal(err)
		}
		for _, check := range plan {
			if len(check.Ground) != want || want > 0 && check.Ground[0].Sources[0].Key != "user.yaml" {
				t.Errorf("%s from %s: ground rules %+v, want %d of user.yaml", check.Service.Name, from, check.Ground, want)
			}
		}
	}
}

// RolesFor are listed with the newest version first.
func TestRolesFor(t *testing.T) {
	c := mustOpen(t)
	for from, want := range map[string][]VersionRole{
		"online":     {{"windows", "hybrid"}},
		"other-site": {{"5.5", "server"}, {"5.0", "server"}, {"4.0", "server"}},
	} {
		roles, err := c.RolesFor(from)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, roles); diff != "" {
			t.Errorf("roles of %s (-want +got):\n%s", from, diff)
		}
	}
}
