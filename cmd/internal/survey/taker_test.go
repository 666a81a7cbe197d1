// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/lookup"
	"exreach/probe/trust"
	"exreach/report/judge/identity"
)

// TestTaken wants every host that can be planned before anybody is asked to have a plan
// afterwards, too, whatever it turns out to be: whose answers are those of each role of
// each version, and who tells nothing. Otherwise it is missing from the report.
func TestTaken(t *testing.T) {
	cat := catalog.Open()
	versions, err := cat.Versions()
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]bool{"": true}
	for _, v := range versions {
		for _, r := range v.Roles {
			roles[r.Name] = true
		}
	}
	for _, from := range catalog.Froms {
		p := &planner{taker: taker{cat: cat, from: from.Name}}
		for role := range roles {
			given := catalog.Host{Name: "mail01", Role: role}
			if _, err := p.plan(target{roles: []catalog.Host{given}}); err != nil || !p.isUnsettled(given) {
				continue
			}
			for _, v := range versions {
				answers := [][]catalog.Check{nil}
				for _, r := range v.Roles {
					if role == "" { // of others, answers tell no more than the version
						answers = append(answers, answersOf(t, v, r.Name))
					}
				}
				for _, answered := range answers {
					hosts, _ := p.take(given, identity.Identified{Candidates: []string{v.Name}}, answered)
					if _, err := p.plan(target{roles: hosts}); err != nil {
						t.Errorf("from %s, role %q, which is %s: %v", from.Name, role, v.Name, err)
					}
				}
			}
		}
	}
}

// answersOf are the checks that a host of the role answers.
func answersOf(t *testing.T, v catalog.Version, role string) []catalog.Check {
	t.Helper()
	services, err := v.ServicesOf(role)
	if err != nil {
		t.Fatal(err)
	}
	var checks []catalog.Check
	for _, s := range services {
		checks = append(checks, catalog.Check{Version: v.Name, Service: s})
	}
	return checks
}

// TestTakenBeside checks a host of which a topology names some roles and leaves others
// open: no role is checked twice, and the event tells what is checked by the answers.
func TestTakenBeside(t *testing.T) {
	cat := catalog.Open()
	const name = "mail01.contoso.example"
	auto := catalog.Host{Name: name, Version: catalog.Auto, Role: catalog.Auto}
	ports := map[string]uint16{"emsmdb": 59532}
	for _, tt := range []struct {
		roles []catalog.Host
		want  string // versions and roles
		taken string // the first role that nobody had given
	}{
		{[]catalog.Host{auto}, "2010 client-access, 2010 hub", "client-access"},
		{[]catalog.Host{auto, auto}, "2010 client-access, 2010 hub", "client-access"},
		{[]catalog.Host{{Name: name, Version: "2013", Role: "client-access"}, auto}, "2013 client-access, 2010 hub", "hub"},
		{[]catalog.Host{auto, {Name: name, Version: "2013", Role: "client-access"}}, "2010 hub, 2013 client-access", "hub"},
		{[]catalog.Host{{Name: name, Version: "2016", Role: "mailbox"}, auto}, "2016 mailbox, 2010 client-access, 2010 hub", "client-access"},
		{[]catalog.Host{{Name: name, Version: "2010", RPCPorts: ports}}, "2010 client-access, 2010 hub", "client-access"},
	} {
		s := standIn(t, cat, "2010", []string{"client-access", "hub"})
		var told events
		r := &Targets{topology: true, hosts: []target{{roles: tt.roles}}}
		plan := newPlanner(cat, r, told.add)
		if err := plan.rehearse(r); err != nil {
			t.Error(err)
			continue
		}
		who := &identifier{taker: plan.taker, tell: told.add, each: true, taken: map[string]int{}}
		pool := &probe.Pool{Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup}, Shared: &probe.Shared{Trust: trust.New(s.Roots())}}
		for found := range who.targets(t.Context(), quick(*pool), r.upfront()) {
			var roles []string
			for _, h := range found.roles {
				roles = append(roles, h.Version+" "+h.Role)
			}
			if got := strings.Join(roles, ", "); got != tt.want {
				t.Errorf("checked as %s, want %s", got, tt.want)
			}
			if _, err := plan.plan(found); err != nil {
				t.Error(err)
			}
		}
		is, ok := told[0].(Identified)
		if !ok || len(told) > 1 || !slices.Equal(is.As.Candidates, []string{"2010"}) || is.As.Contradictory || is.As.CheckedAs[0].Role != tt.taken || len(is.As.CheckedAs[0].Because) == 0 {
			t.Errorf("%s: told %+v", tt.want, told)
		}
	}
}

// TestIdentifyOneAtATime wants a host passed on when it has answered, where nobody else
// may have a connection meanwhile, and not when all have.
func TestIdentifyOneAtATime(t *testing.T) {
	cat := catalog.Open()
	s := standIn(t, cat, "2010", []string{"hub"})
	who := &identifier{taker: taker{cat, catalog.DefaultFrom}, tell: func(Event) {}, each: true, taken: map[string]int{}}
	passed := make(chan struct{})
	in := func(yield func(target) bool) {
		if yield(target{roles: []catalog.Host{{Name: s.Host}}}) {
			select { // a pipe of which more may come
			case <-passed:
			case <-time.After(10 * time.Second):
				t.Error("no host is passed on before the last is there")
			}
		}
	}
	for found := range who.targets(t.Context(), &probe.Pool{Dial: s.Dial, Resolver: &lookup.Resolver{Lookup: s.Lookup}, Shared: &probe.Shared{Limit: 1}}, in) {
		if h := found.roles[0]; h.Version != "2010" || h.Role != "hub" {
			t.Errorf("taken for %s %s", h.Version, h.Role)
		}
		select {
		case <-passed:
		default:
			close(passed)
		}
	}
}
