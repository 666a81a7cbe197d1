// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe"
	"exreach/probe/far"
	"exreach/probe/lookup"
	"exreach/probe/standin"
	"exreach/probe/tape"
)

// TestEveryWay: the contact stands over every TCP port of a stand-in: with TLS at once, after
// STARTTLS, and in the place of the protocol's first words.
func TestEveryWay(t *testing.T) {
	l := listen(t, "mailbox", "edge")
	kinds := map[catalog.TLS]int{}
	for _, s := range l.Services {
		if s.Network != catalog.TCP || s.Unasked != "" {
			continue
		}
		at := slices.IndexFunc(l.Openings(), func(o far.Opening) bool { return o.Service == s.Name && o.State == far.Open })
		if at < 0 {
			continue
		}
		s.TLS = cmp.Or(s.TLS, catalog.NoTLS)
		conn, err := l.Dial(t.Context(), catalog.TCP, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), l.Openings()[at].Port))
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		session, err := meet(t.Context(), conn, farHost, s, l.desk.Code)
		if err != nil {
			t.Errorf("%s, %s over %s: %v", s.Name, s.Protocol, s.TLS, err)
		} else if w, err := session.ask(t.Context(), doBegin, "", requestTime); err != nil || w.Record.Listener != "amber" {
			t.Errorf("%s: %+v, %v", s.Name, w, err)
		}
		kinds[s.TLS]++
		conn.Close()
	}
	if kinds[catalog.Implicit] == 0 || kinds[catalog.StartTLS] == 0 || kinds[catalog.NoTLS] == 0 {
		t.Errorf("tried %v", kinds)
	}
}

// told collects events.
type told []Event

func (e *told) tell(event Event) { *e = append(*e, event) }

// TestNoContact: where no contact comes about, the first results stay as they were, and the
// host says why.
func TestNoContact(t *testing.T) {
	none := func(context.Context, Listener) (Code, error) { return Code{}, nil }
	for name, test := range map[string]struct {
		codes  []Code
		ask    func(context.Context, Listener) (Code, error)
		failed far.ContactFailure
	}{
		"no code":    {nil, nil, far.NoCode},
		"none given": {nil, none, far.NoCode},
		"wrong code": {[]Code{NewCode()}, none, far.WrongCode},
	} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, "edge")
			var events told
			s := &Stage{Ask: test.ask, Tell: events.tell}
			for _, c := range test.codes {
				s.Codes.Add("", c)
			}
			hosts := run(t.Context(), s, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, planOfRole(t, "127.0.0.1", "edge"))
			if c := hosts[0].Contacts; len(c) != 1 || c[0].Failed != test.failed || c[0].Over != 0 || len(events) != 1 {
				t.Fatalf("contacts %+v, events %+v", c, events)
			}
			if _, missed := events[0].(Missed); !missed {
				t.Errorf("told %+v", events[0])
			}
			for _, r := range hosts[0].Results {
				if r.Wire != nil || r.Far != nil {
					t.Errorf("%s was asked again", r.Check.Service.Name)
				}
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if len(l.visits) != wrongPorts*len(test.codes) {
				t.Errorf("visits %+v", l.visits)
			}
		})
	}
}

// TestAsked: a person who mistypes the code is asked again, and is told so.
func TestAsked(t *testing.T) {
	l := listen(t, "edge")
	var again []bool
	s := &Stage{Ask: func(_ context.Context, at Listener) (Code, error) {
		again = append(again, at.Again)
		if at.Again {
			return l.desk.Code, nil
		}
		return NewCode(), nil
	}}
	hosts := run(t.Context(), s, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, planOfRole(t, "127.0.0.1", "edge"))
	if !slices.Equal(again, []bool{false, true}) || hosts[0].Contacts[0].Failed != "" || hosts[0].Contacts[0].Refused != nil {
		t.Errorf("asked %v: %+v", again, hosts[0].Contacts)
	}
}

// TestTwoListeners: two addresses of a name have each a listener and a code. The results of
// the one whose code is known are replaced, and the others stay.
func TestTwoListeners(t *testing.T) {
	first, second := listen(t, "edge"), listen(t, "edge")
	addrs := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
	dial := func(ctx context.Context, n catalog.Network, to netip.AddrPort) (net.Conn, error) {
		if to.Addr() == addrs[0] {
			return first.Dial(ctx, n, to)
		}
		return second.Dial(ctx, n, to)
	}
	resolver := &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) { return addrs, nil }}
	for name, codes := range map[string][]Code{"one code": {first.desk.Code}, "both codes": {first.desk.Code, second.desk.Code}} {
		t.Run(name, func(t *testing.T) {
			s := &Stage{}
			for i, c := range codes {
				s.Codes.Add(addrs[i].String(), c)
			}
			plan := planOfRole(t, "far.example", "edge")
			h := run(t.Context(), s, probe.Pool{Dial: dial, Resolver: resolver, Shared: &probe.Shared{}}, plan)[0]
			if len(h.Contacts) != 2 || h.Contacts[0].Failed != "" || (h.Contacts[1].Failed == "") != (len(codes) == 2) {
				t.Errorf("%+v", h.Contacts)
			}
			if len(h.Results) != 2*len(plan.Checks) {
				t.Errorf("%d results of %d checks at two addresses", len(h.Results), len(plan.Checks))
			}
			for i, r := range h.Results {
				if i > 0 && r.Order < h.Results[i-1].Order {
					t.Error("the results are out of order")
				}
				proved := slices.Index(addrs, r.Address) < len(codes)
				if (r.Far != nil) != proved || r.Name == nil || len(r.Name.Addrs) != 2 {
					t.Errorf("%s at %s: far %+v, name %+v", r.Check.Service.Name, r.Address, r.Far, r.Name)
				}
			}
		})
	}
}

// TestOthersPass: hosts without a stand-in are not held back by one that is being proved,
// and stay as they are.
func TestOthersPass(t *testing.T) {
	l := listen(t, "edge")
	passed := make(chan struct{})
	s := &Stage{Ask: func(ctx context.Context, _ Listener) (Code, error) {
		select {
		case <-passed:
			return l.desk.Code, nil
		case <-ctx.Done():
			return Code{}, ctx.Err()
		}
	}}
	pool := probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	other := probe.HostResults{Host: "other", Results: []probe.Result{{Verdict: probe.Refused}}}
	hosts := func(yield func(probe.HostResults) bool) {
		for h := range pool.Run(ctx, slices.Values([]probe.HostPlan{planOfRole(t, "127.0.0.1", "edge")})) {
			if !yield(h) || !yield(other) {
				return
			}
		}
	}
	var order []string
	for h := range s.Run(ctx, pool, hosts) {
		if order = append(order, h.Host); h.Host == "other" {
			close(passed)
		} else if len(h.Contacts) != 1 || h.Contacts[0].Failed != "" {
			t.Errorf("%+v", h.Contacts)
		}
	}
	if strings.Join(order, " ") != "other 127.0.0.1" {
		t.Errorf("came %v", order)
	}
}

// TestInterrupted: where the run ends while the plan is asked again, the first results are
// kept.
func TestInterrupted(t *testing.T) {
	l := listen(t, "edge")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var events told
	s := &Stage{Tell: func(e Event) {
		events.tell(e)
		interrupt()
	}}
	s.Codes.Add("", l.desk.Code)
	hosts := run(ctx, s, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, planOfRole(t, "127.0.0.1", "edge"))
	if c := hosts[0].Contacts[0]; c.Failed != far.Broken || c.Note == "" || len(events) != 2 {
		t.Errorf("%+v, %+v", c, events)
	}
	for _, r := range hosts[0].Results {
		if r.Far != nil || r.Verdict == probe.Untried {
			t.Errorf("%s: %s", r.Check.Service.Name, r.Verdict)
		}
	}
}

// TestLeft: whoever takes no more hosts leaves no goroutine behind.
func TestLeft(t *testing.T) {
	l := listen(t, "edge")
	s := &Stage{}
	s.Codes.Add("", l.desk.Code)
	pool := probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}
	other := probe.HostResults{Host: "other"}
	closed := false
	hosts := func(yield func(probe.HostResults) bool) {
		defer func() { closed = true }()
		for yield(other) {
		}
	}
	for range s.Run(t.Context(), pool, hosts) {
		break
	}
	if !closed {
		t.Error("the hosts are still read")
	}
}

// TestHeldPorts: a port that another program has is asked for any protocol, and the
// interfaces behind a mapper that is not the listener's at the ports that it names.
func TestHeldPorts(t *testing.T) {
	v, err := catalog.Open().Version("2010")
	if err != nil {
		t.Fatal(err)
	}
	server, err := standin.New(v, "client-access")
	if err != nil {
		t.Fatal(err)
	}
	l := serve(t, server, func(r *far.Record) {
		for i := range r.Openings {
			if o := &r.Openings[i]; o.Port == 135 || o.Port == 80 {
				o.State, o.Holder = far.Held, "svchost.exe (RpcSs)"
			}
		}
		r.Sees = true
		r.Arrivals = slices.DeleteFunc(r.Arrivals, func(a far.Arrival) bool { return a.Port == 80 })
		for i := range r.Arrivals {
			if a := &r.Arrivals[i]; a.Port == 135 {
				a.Held, a.Received, a.Sent = true, tape.Flow{}, tape.Flow{}
			}
		}
	})
	s := &Stage{}
	s.Codes.Add("", l.desk.Code)
	plan := planFrom(t, catalog.Host{Name: "127.0.0.1", Version: "2010", Role: "client-access"}, "client")
	first := run(t.Context(), &Stage{}, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, plan)[0]
	h := run(t.Context(), s, probe.Pool{Dial: l.Dial, Shared: &probe.Shared{}}, plan)[0]
	if len(h.Results) != len(first.Results) || len(h.Contacts) != 1 || h.Contacts[0].Failed != "" {
		t.Fatalf("%d results, want %d: %+v", len(h.Results), len(first.Results), h.Contacts)
	}
	slices.SortStableFunc(first.Results, func(a, b probe.Result) int { return cmp.Compare(a.Order, b.Order) })
	held, behind := 0, 0
	for i, r := range h.Results {
		if was := first.Results[i]; r.Order != was.Order || r.Parent != was.Parent || r.Check.Service.Name != was.Check.Service.Name || (r.Name == nil) != (was.Name == nil) {
			t.Errorf("result %d is %s of %q, and was %s of %q", i, r.Check.Service.Name, r.Parent, was.Check.Service.Name, was.Parent)
		}
		if r.Port == 135 || r.Port == 80 {
			held++
			unseen := r.Port == 80 // the far end's host saw nothing come
			if r.Verdict != probe.Answered || r.Far == nil || (r.Far.Direction != "") != unseen || r.Far.Holder != "svchost.exe (RpcSs)" || (r.Check.Service.Protocol == bare) == unseen {
				t.Errorf("%s: %s, %+v", r.Check.Service.Name, r.Verdict, r.Far)
			}
		}
		if r.Parent != "" {
			behind++
			if r.Verdict != probe.Answered || r.Far == nil || r.Far.Direction != "" || len(r.Far.Came) == 0 {
				t.Errorf("%s behind the mapper: %s, %+v", r.Check.Service.Name, r.Verdict, r.Far)
			}
		}
	}
	if held < 2 || behind == 0 {
		t.Errorf("%d held, %d behind the mapper", held, behind)
	}
}
