// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
)

// checkBack has a far end, which answers as back says, check this one. It returns what the
// stage told.
func checkBack(t *testing.T, back func(near *listener) func(context.Context, Return) ([]byte, error)) (Reversed, error) {
	t.Helper()
	l, near := listen(t, "mailbox"), listen(t, "mailbox")
	l.desk.Return = back(near)
	var codes Codes
	codes.Add("", l.desk.Code)
	var found Reversed
	err := errors.New("the stage told nothing")
	s := &Stage{
		Codes: codes,
		Back:  &Back{Version: "se", Role: "mailbox", Openings: near.Openings, Expect: near.Expect, Record: near.RecordFor},
		Tell: func(e Event) {
			switch e := e.(type) {
			case Reversed:
				found, err = e, nil
			case Unreversed:
				err = e.Err
			}
		},
	}
	run(t.Context(), s, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, planOfRole(t, "127.0.0.1", "mailbox"))
	return found, err
}

// returns checks back as a listener does, over the network of the tests.
func returns(near *listener) func(context.Context, Return) ([]byte, error) {
	return Returner{Catalog: catalog.Open(), Roles: []string{"mailbox"}, Tool: "exreach test", Machine: "far", Pool: probe.Pool{Dial: near.Dial}}.Check
}

// TestCheckBack: the far end asks every port of this machine's role, and what arrived here
// has the token that belongs to it.
func TestCheckBack(t *testing.T) {
	found, err := checkBack(t, returns)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		From, Machine string
		Results       []struct {
			Host, Service string
			Verdict       probe.Verdict
		}
	}
	if err := json.Unmarshal(found.Report, &report); err != nil {
		t.Fatal(err)
	}
	if report.From != "mailbox" || report.Machine != "far" || len(report.Results) < 10 {
		t.Errorf("from %q on %q, %d results", report.From, report.Machine, len(report.Results))
	}
	for _, r := range report.Results {
		if r.Host != "127.0.0.1" || r.Verdict != probe.Answered {
			t.Errorf("%s of %s is %s", r.Service, r.Host, r.Verdict)
		}
	}
	tokens := 0
	for _, a := range found.Record.Arrivals {
		if a.Token {
			tokens++
		}
	}
	if tokens == 0 || len(found.Record.Arrivals) < len(report.Results) {
		t.Errorf("%d arrivals, %d with a token, of %d checks", len(found.Record.Arrivals), tokens, len(report.Results))
	}
}

func TestNoCheckBack(t *testing.T) {
	for want, back := range map[string]func(*listener) func(context.Context, Return) ([]byte, error){
		"not started with --reverse": func(*listener) func(context.Context, Return) ([]byte, error) { return nil },
		"no such thing": func(*listener) func(context.Context, Return) ([]byte, error) {
			return func(context.Context, Return) ([]byte, error) { return nil, errors.New("no such thing") }
		},
		"sent no report": func(*listener) func(context.Context, Return) ([]byte, error) {
			return func(context.Context, Return) ([]byte, error) { return nil, nil }
		},
		"nothing to check back": func(near *listener) func(context.Context, Return) ([]byte, error) {
			return Returner{Catalog: catalog.Open(), Roles: []string{"um"}}.Check
		},
	} {
		if _, err := checkBack(t, back); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestReturnOfHeldPorts: a port of another program at the near end is only to be reached, and
// without an endpoint mapper the interfaces are asked where the near end says.
func TestReturnOfHeldPorts(t *testing.T) {
	openings := []far.Opening{
		{Network: catalog.TCP, Port: 135, State: far.Held, Holder: "System"},
		{Network: catalog.TCP, Port: 443, State: far.Held, Holder: "System"},
		{Service: "emsmdb", Network: catalog.TCP, Port: 6410, State: far.Open},
	}
	plan, err := catalog.Open().Plan(catalog.Topology{Hosts: []catalog.Host{{Name: "10.0.0.1", Version: "2010", Role: "client-access"}}}, "client")
	if err != nil {
		t.Fatal(err)
	}
	asked := map[string]catalog.Check{}
	for _, c := range again(plan, openings) {
		asked[c.check.Service.Name] = c.check
	}
	if c := asked["endpoint-mapper"]; c.Service.Protocol != bare || c.Behind != nil {
		t.Errorf("the endpoint mapper is asked for %s, with %d checks behind it", c.Service.Protocol, len(c.Behind))
	}
	if c, ok := asked["emsmdb"]; !ok || c.Service.Ports.First != 6410 || c.Service.RPC == nil {
		t.Errorf("emsmdb is asked at %d", c.Service.Ports.First)
	}
	if c := asked["owa"]; c.Service.Protocol != bare {
		t.Errorf("owa is asked for %s", c.Service.Protocol)
	}
}

// TestCredible: a near end has nothing asked but ports of its version.
func TestCredible(t *testing.T) {
	v, err := catalog.Open().Version("2010")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		far.Opening
		want bool
	}{
		{far.Opening{Network: catalog.TCP, Port: 135, State: far.Held}, true},
		{far.Opening{Network: catalog.TCP, Port: 22, State: far.Held}, false},
		{far.Opening{Network: catalog.TCP, Port: 6410, Service: "emsmdb", State: far.Open}, true},
		{far.Opening{Network: catalog.TCP, Port: 22, Service: "emsmdb", State: far.Open}, false},
		{far.Opening{Network: catalog.TCP, Port: 6410, Service: "owa", State: far.Open}, false},
	} {
		if got := len(credible([]far.Opening{o.Opening}, v)) == 1; got != o.want {
			t.Errorf("%+v: %v, want %v", o.Opening, got, o.want)
		}
	}
}

// TestReturnOfAllRoles: a listener asks for each of its roles, and nothing twice.
func TestReturnOfAllRoles(t *testing.T) {
	count := func(roles ...string) (int, string) {
		plan, from, err := Returner{Catalog: catalog.Open(), Roles: roles}.plan(Return{To: netip.MustParseAddr("10.0.0.1"), Version: "se", Role: "mailbox"})
		if err != nil {
			t.Fatal(err)
		}
		return len(plan), from
	}
	edge, _ := count("edge")
	mailbox, _ := count("mailbox")
	both, from := count("edge", "mailbox")
	if from != "edge" || both < max(edge, mailbox) || both >= edge+mailbox {
		t.Errorf("%d of edge, %d of mailbox, %d of both from %s", edge, mailbox, both, from)
	}
}
