// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// portsOf names the ports and pages of checks.
func portsOf(checks []Check) string {
	var ports []string
	for _, c := range checks {
		ports = append(ports, strings.TrimSuffix(fmt.Sprintf("%s %s", c.Service.Ports, strings.ToLower(c.Service.Page())), " "))
	}
	return strings.Join(ports, ", ")
}

// TestIdentifyMore: a host that shows its version and roles at once is asked nothing more.
// One that leaves something open is asked what may settle it.
func TestIdentifyMore(t *testing.T) {
	c := mustOpen(t)
	first := c.Identify("mail01", "client")
	at := func(ports ...uint16) []Check {
		return slices.DeleteFunc(slices.Clone(first), func(c Check) bool { return !slices.Contains(ports, c.Service.Ports.First) })
	}
	for _, tt := range []struct {
		name string
		h    Heard
		want string
	}{
		{"a version with one role", Heard{Answered: at(25), Versions: []string{"2019"}}, ""},
		{"2010 in both roles", Heard{Answered: at(25, 443), Versions: []string{"2010"}}, ""},
		{"2010 that takes no mail at 25", Heard{Answered: at(443), Versions: []string{"2010"}}, "587"},
		{"2010 without web", Heard{Answered: at(25), Versions: []string{"2010"}}, "993, 995, 80 /"},
		{"2007 in both roles", Heard{Answered: at(25, 443), Versions: []string{"2007"}}, ""},
		{"Exchange Online at 25", Heard{Answered: at(25), Versions: []string{"online"}}, "587, 993, 995, 80 /"},
		{"web that tells too little", Heard{Answered: at(25, 143, 110, 443), Versions: (*Releases)(nil).Of(ExchangeServer)[7:]}, "443 /owa/auth/logon.aspx"},
		{"web of an old server", Heard{Answered: at(25, 143, 110, 443), Versions: []string{"2003", "2007"}}, "443 /exchange/, 443 /owa/auth/logon.aspx"},
		{"nothing but refusals", Heard{}, "587, 993, 995, 80 /, 80 /exchange/, 1143"},
		{"nothing at all", Heard{Quiet: true}, "587, 993, 995, 80 /"},
	} {
		if got := portsOf(c.IdentifyMore("mail01", "client", tt.h)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestFits: a host gets as few roles as explain its answers, and its usual ones where
// none does.
func TestFits(t *testing.T) {
	c := mustOpen(t)
	answer := func(version, role, service string) Check {
		check, found := c.question(version, role, service)
		if !found {
			t.Fatalf("no %s of %s %s", service, version, role)
		}
		return check
	}
	smtp, owa, pop3 := answer("se", "mailbox", "smtp"), answer("se", "mailbox", "owa"), answer("se", "mailbox", "pop3")
	submission := answer("se", "mailbox", "smtp-submission")
	for _, tt := range []struct {
		version, from string
		answered      []Check
		want          string
	}{
		{"2010", "client", []Check{owa}, "client-access"},
		{"2010", "client", []Check{smtp}, "hub"},
		{"2010", "client", []Check{owa, smtp, pop3}, "client-access, hub"},
		{"2010", "client", nil, "client-access, hub"},
		{"2007", "client", []Check{owa}, "client-access"},
		{"2003", "client", []Check{smtp}, "back-end"},
		{"2013", "client", []Check{owa, smtp}, "client-access"},
		{"2013", "mailbox", nil, "mailbox, client-access"},
		{"se", "client", []Check{answer("2003", "back-end", "nntp")}, "mailbox"},
		{"online", "client", []Check{smtp}, "mail-exchanger"},
		{"online", "client", []Check{smtp, submission}, "submission"},
		{"online", "internet", []Check{smtp}, "mail-exchanger"},
		{"davmail", "client", []Check{smtp}, "gateway"},
		{"windows", "client", []Check{smtp}, ""},
	} {
		v, err := c.Version(tt.version)
		if err != nil {
			t.Fatal(err)
		}
		var roles []string
		for _, f := range v.Fits(tt.from, tt.answered) {
			roles = append(roles, f.Role)
		}
		if got := strings.Join(roles, ", "); got != tt.want {
			t.Errorf("%s from %s: %q, want %q", tt.version, tt.from, got, tt.want)
		}
	}
}

// TestRoleLike: the role of one version leads to the one that does its work in another.
func TestRoleLike(t *testing.T) {
	c := mustOpen(t)
	for _, tt := range []struct{ version, role, want string }{
		{"2003", "mailbox", "back-end"}, {"2000", "hub", "back-end"}, {"2003", "client-access", "front-end"}, {"5.5", "mailbox", "server"},
		{"2010", "mailbox", "mailbox"}, {"2016", "client-access", "mailbox"}, {"se", "hub", "mailbox"}, {"2019", "back-end", "mailbox"},
		{"2010", "front-end", "client-access"}, {"online", "mailbox", "outlook"}, {"online", "hub", "mail-exchanger"}, {"davmail", "mailbox", "gateway"}, {"se", "chat", ""},
	} {
		v, err := c.Version(tt.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.RoleLike(tt.role, DefaultFrom); got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.role, tt.version, got, tt.want)
		}
	}
}

// TestRoleOf: a host with a role of another version has one in its own, though there may be
// nothing in it for who connects.
func TestRoleOf(t *testing.T) {
	c := mustOpen(t)
	for _, tt := range []struct{ version, role, from, want string }{
		{"2019", "um", DefaultFrom, "mailbox"}, {"se", "um", "um-gateway", "mailbox"}, {"2013", "um", DefaultFrom, "mailbox"}, {"2013", "hub", DefaultFrom, "client-access"},
		{"2003", "mailbox", "um-gateway", "back-end"}, {"2010", "edge", DefaultFrom, "edge"}, {"5.5", "witness", DefaultFrom, ""}, {"2003", "um", DefaultFrom, ""},
	} {
		v, err := c.Version(tt.version)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.RoleOf(tt.role, tt.from); got != tt.want {
			t.Errorf("%s in %s from %s: %q, want %q", tt.role, tt.version, tt.from, got, tt.want)
		}
	}
}

// TestEnded: since when no version has a role that older ones have.
func TestEnded(t *testing.T) {
	c := mustOpen(t)
	for role, since := range ended {
		servers := c.Releases().Of(ExchangeServer)
		first := slices.Index(servers, since)
		for i, name := range servers {
			v, err := c.Version(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Ended(role, v) != ""; got != (i >= first) {
				t.Errorf("%s has ended in %s: %t", role, name, got)
			}
			if _, err := v.Role(role); (i == first-1 && err != nil) || (i >= first && err == nil && role != "back-end") { // 2010 has it for older servers
				t.Errorf("%s in %s: %v", role, name, err)
			}
		}
	}
	if v, err := c.Version("online"); err != nil || c.Ended("hub", v) != "" {
		t.Errorf("Exchange Online never had the role hub: %v", err)
	}
}

// TestAutoRoles: every version that hosts may be found to run says which roles they
// usually have.
func TestAutoRoles(t *testing.T) {
	c := mustOpen(t)
	for _, name := range (*Releases)(nil).Of(ExchangeServer, ExchangeOnline, DavMail) {
		v, err := c.Version(name)
		if err != nil {
			t.Fatal(err)
		}
		if v.Fits(DefaultFrom, nil) == nil {
			t.Errorf("%s: no role is usual", name)
		}
	}
}

// TestUntold: Outlook comes to the Mailbox servers of 2007, which no answer tells.
func TestUntold(t *testing.T) {
	c := mustOpen(t)
	for _, tt := range []struct{ version, role, from, want string }{
		{"2007", "client-access", "client", "endpoint-mapper"},
		{"2010", "client-access", "client", ""}, {"2003", "back-end", "client", ""}, {"2016", "mailbox", "client", ""}, {"2016", "mailbox", "internet", ""},
	} {
		v, err := c.Version(tt.version)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := c.Plan(Topology{Hosts: []Host{{Name: "mail01", Version: tt.version, Role: tt.role}}}, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Untold(plan, tt.from); got != tt.want {
			t.Errorf("%s %s from %s: %q, want %q", tt.version, tt.role, tt.from, got, tt.want)
		}
	}
}
