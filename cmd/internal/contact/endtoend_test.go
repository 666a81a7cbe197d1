// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/standin"
)

const farHost = "mail01.contoso.example"

// A listener is a stand-in with a desk.
type listener struct {
	*standin.Server
	desk   *Desk
	visits []Visit
	mu     sync.Mutex
}

func listen(t *testing.T, roles ...string) *listener {
	t.Helper()
	v, err := catalog.Open().Version("se")
	if err != nil {
		t.Fatal(err)
	}
	server, err := standin.New(v, roles...)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, server, func(*far.Record) {})
}

// serve starts a stand-in with a desk. alter changes the records that it gives.
func serve(t *testing.T, server *standin.Server, alter func(*far.Record)) *listener {
	t.Helper()
	l := &listener{Server: server}
	l.desk = &Desk{
		Code: NewCode(),
		Record: func(source netip.Addr, token string) far.Record {
			r := server.RecordFor(source, token)
			r.Listener, r.Tool = "amber", "exreach test"
			alter(&r)
			return r
		},
		Expect: server.Expect,
		Watch: func(v Visit) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.visits = append(l.visits, v)
		},
	}
	server.Contact = l.desk.Serve
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return l
}

// planOfRole is the plan of a host of version SE, for another server.
func planOfRole(t *testing.T, host, role string) probe.HostPlan {
	t.Helper()
	return planFrom(t, catalog.Host{Name: host, Version: "se", Role: role}, "mailbox")
}

func planFrom(t *testing.T, host catalog.Host, from string) probe.HostPlan {
	t.Helper()
	plan, err := catalog.Open().Plan(catalog.Topology{Hosts: []catalog.Host{host}}, from)
	if err != nil {
		t.Fatal(err)
	}
	return probe.HostPlan{Host: host.Name, Checks: catalog.WithControls(plan)}
}

// run asks a plan, and lets the stage ask again.
func run(ctx context.Context, s *Stage, pool probe.Pool, plans ...probe.HostPlan) (all []probe.HostResults) {
	return slices.Collect(s.Run(ctx, pool, pool.Run(ctx, slices.Values(plans))))
}

// TestBothEnds: with the code, both ends of every port agree to the byte.
func TestBothEnds(t *testing.T) {
	l := listen(t, "mailbox")
	var codes Codes
	codes.Add("", l.desk.Code)
	var made []Made
	s := &Stage{Codes: codes, Tell: func(e Event) {
		if m, ok := e.(Made); ok {
			made = append(made, m)
		}
	}}
	pool := probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}
	plan := planOfRole(t, "127.0.0.1", "mailbox")
	began := time.Now()
	hosts := run(t.Context(), s, pool, plan)
	t.Logf("%s", time.Since(began))
	if len(hosts) != 1 || len(hosts[0].Contacts) != 1 {
		t.Fatalf("%d hosts: %+v", len(hosts), hosts)
	}
	c := hosts[0].Contacts[0]
	if c.Failed != "" || c.Over == 0 || c.Listener != "amber" || c.Seen != c.Local || len(made) != 1 {
		t.Errorf("contact %+v, made %d", c, len(made))
	}
	rows := 0
	for _, r := range hosts[0].Results {
		if r.Check.IsControl() {
			continue
		}
		rows++
		switch {
		case r.Verdict != probe.Answered:
			t.Errorf("%s is %s: %s", r.Check.Service.Name, r.Verdict, r.Detail)
		case r.Far == nil:
			t.Errorf("%s: nothing from the far end", r.Check.Service.Name)
		case r.Far.Direction != "" || len(r.Far.Came) == 0:
			t.Errorf("%s: %+v\nwire %+v", r.Check.Service.Name, *r.Far, r.Wire.Calls)
		}
	}
	if rows < 10 || c.Agree != rows || c.Recorded != rows {
		t.Errorf("%d rows, %d recorded, %d agree", rows, c.Recorded, c.Agree)
	}
}
