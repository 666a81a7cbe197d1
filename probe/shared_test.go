// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/gauge"
	"exreach/probe/lookup"
	"exreach/probe/standin"
)

// TestWhole wants a host when it has all its results, in the order of its plan: one
// check with a result at each of two addresses, and a mapper before it with three more
// behind it at each, which take longer.
func TestWhole(t *testing.T) {
	server := &standin.Server{Host: "mail01", Version: "2010", Services: mapperServices(t)}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var shown gauge.Gauge
	p := &Pool{
		Dial: server.Dial,
		Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}, nil
		}},
		Gauge: &shown,
	}
	plan := HostPlan{Host: "mail01", Place: 7, Checks: []catalog.Check{{Host: "mail01", Service: server.Services[0], Want: catalog.Required}, smtpCheck("mail01", 26)}}
	plan.Checks[0].Behind = []catalog.Check{{Host: "mail01", Service: server.Services[1]}, {Host: "mail01", Service: server.Services[2]}}
	for h := range p.Run(t.Context(), slices.Values([]HostPlan{plan})) {
		if h.Host != "mail01" || h.Place != 7 {
			t.Errorf("host %q in place %d", h.Host, h.Place)
		}
		var got []string
		for _, r := range h.Results {
			got = append(got, fmt.Sprintf("%d %s", r.Order, r.Check.Service.Name))
		}
		slices.Sort(got[1:3])
		slices.Sort(got[4:6])
		if len(got) != 8 || got[6] != "3 smtp-26" || got[7] != "3 smtp-26" || !strings.HasPrefix(got[0], "0 mapper") {
			t.Errorf("got %q", got)
		}
	}
	if now := shown.Read(); now.Asked != 2 || now.Further != 6 || now.Rows != 8 || now.Begun != 1 || now.Over != 1 || len(now.Underway) != 0 {
		t.Errorf("the gauge shows %+v", now)
	}
}

// mapperServices is an endpoint mapper and two interfaces behind it.
func mapperServices(t *testing.T) []catalog.Service {
	t.Helper()
	services := []catalog.Service{{Name: "mapper", Role: "mailbox", Network: catalog.TCP, Protocol: "rpc", Ports: catalog.Ports{First: 135, Last: 135}}}
	for _, i := range []catalog.Interface{
		{Name: "EMSMDB", UUID: "a4f1db00-ca47-1067-b31f-00dd010662da", Minor: 81},
		{Name: "NSPI", UUID: "f5cc5a18-4264-101a-8c59-08002b2f8426", Major: 56},
	} {
		services = append(services, catalog.Service{Name: i.Name, Role: "mailbox", Network: catalog.TCP, Protocol: "rpc", RPC: &i})
	}
	return services
}

// TestKnown wants each result with the time at which it was known, though the host has
// to wait for another one.
func TestKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		network := &fakeNet{serve: func(at netip.AddrPort, _ int) (func(net.Conn), error) {
			if at.Port() == 25 {
				return smtpServer, nil
			}
			return silentServer, nil
		}}
		for _, r := range collect(t.Context(), &Pool{Dial: network.dial}, smtpCheck("192.0.2.1", 26), smtpCheck("192.0.2.1", 25)) {
			if known := r.At.Sub(began); (r.Port == 25) != (known < time.Second) {
				t.Errorf("port %d was known after %s", r.Port, known)
			}
		}
	})
}

// twoPools runs the plans in two pools at the same time that have one Shared.
func twoPools(t *testing.T, p Pool, plans func(pool int) []HostPlan) (results [2][]Result) {
	t.Helper()
	var both sync.WaitGroup
	for i := range results {
		both.Go(func() {
			another := p
			for host := range another.Run(t.Context(), slices.Values(plans(i))) {
				results[i] = append(results[i], host.Results...)
			}
		})
	}
	both.Wait()
	return results
}

// TestOneLimitForTwoPools wants the connections of two pools together to keep to the
// limit that they share, and to use it up.
func TestOneLimitForTwoPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(silentServer)}
		p := Pool{Dial: network.dial, Shared: &Shared{Limit: 20, PerHost: 100}, Timeouts: Timeouts{Check: time.Second}, Tries: 1}
		results := twoPools(t, p, func(pool int) []HostPlan {
			var checks []catalog.Check
			for host := range 10 {
				for port := range uint16(5) {
					checks = append(checks, smtpCheck(fmt.Sprintf("192.0.%d.%d", pool, host), 25+port))
				}
			}
			return plansOf(checks)
		})
		if len(results[0]) != 50 || len(results[1]) != 50 {
			t.Errorf("%d and %d results, want 50 of each", len(results[0]), len(results[1]))
		}
		if half := 10; network.max > 20 || network.max < half {
			t.Errorf("%d connections at once, want at most 20, and %d of them in conversations", network.max, half)
		}
	})
}

// TestOneConversationForTwoPools wants a port that two pools ask at the same time to
// have one of them at a time.
func TestOneConversationForTwoPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: always(func(conn net.Conn) {
			time.Sleep(100 * time.Millisecond)
			smtpServer(conn)
		})}
		p := Pool{Dial: network.dial, Shared: new(Shared)}
		results := twoPools(t, p, func(int) []HostPlan { return plansOf([]catalog.Check{smtpCheck("192.0.2.1", 25)}) })
		for _, r := range slices.Concat(results[:]...) {
			if r.Verdict != Answered {
				t.Errorf("%s: %s", r.Verdict, r.Detail)
			}
		}
		if network.max != 1 {
			t.Errorf("%d connections at once at one port, want 1", network.max)
		}
	})
}

// TestRefusedLoginForTwoPools wants a password that one pool has had refused at a host
// not to be tried there by another, at the same time or later.
func TestRefusedLoginForTwoPools(t *testing.T) {
	const name = "mail.contoso.example"
	server := &loginServer{config: &tls.Config{}, speaks: "smtp", offers: "PLAIN"}
	pool := poolTo(t, map[string]*loginServer{name: server})
	plans := func(int) []HostPlan { return plansOf([]catalog.Check{server.check(name)}) }
	both := twoPools(t, *pool, plans)
	later := twoPools(t, *pool, plans)
	refused, before := 0, 0
	for _, r := range slices.Concat(both[0], both[1], later[0], later[1]) {
		refused += strings.Count(r.Peer.Facts["auth"], ": refused: ")
		before += strings.Count(r.Peer.Facts["auth"], "not tried: refused before")
	}
	if refused != 1 || before != 3 {
		t.Errorf("refused %d times and not tried %d times, want 1 and 3", refused, before)
	}
}

// TestAfterEnd wants hosts whose run has ended to come one after the other, as the reader
// takes them: those of a long list would fill the memory.
func TestAfterEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		defer end()
		network := &fakeNet{serve: always(silentServer)}
		var begun atomic.Int32
		plans := func(yield func(HostPlan) bool) {
			for i := range 1000 {
				begun.Add(1)
				host := fmt.Sprintf("192.0.%d.%d", i/250, i%250)
				if !yield(HostPlan{Host: host, Place: i, Checks: []catalog.Check{smtpCheck(host, 25)}}) {
					return
				}
			}
		}
		p := &Pool{Dial: network.dial, Shared: &Shared{Limit: 4}, Timeouts: Timeouts{Check: time.Second}}
		taken := 0
		for range p.Run(ctx, plans) {
			if taken++; taken == 3 {
				end()
				time.Sleep(time.Minute)
				if n := begun.Load(); n > 50 {
					t.Errorf("%d hosts are begun while none of those that are done is taken", n)
				}
			}
		}
		if taken != 1000 {
			t.Errorf("%d hosts, want 1000", taken)
		}
	})
}
