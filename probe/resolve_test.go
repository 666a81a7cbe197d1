// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/socket"
)

// tcp25 is a check of a port that is only connected to.
func tcp25(host string) catalog.Check {
	return catalog.Check{Host: host, Service: catalog.Service{Network: catalog.TCP, Ports: catalog.Ports{First: 25, Last: 25}, Protocol: "tcp"}}
}

// TestNoWay wants an address without a way told at once, and as this machine's
// own lack.
func TestNoWay(t *testing.T) {
	if why := socket.WaysFrom(netip.Addr{})(netip.MustParseAddr("127.0.0.1")); why != socket.NoCause {
		t.Errorf("no way to this machine itself: %v", why)
	}
	began := time.Now()
	res := collect(t.Context(), &Pool{}, tcp25("fe80::1%no-such-interface"))[0]
	if res.Verdict != Untried || res.Obstacle != NoRoute || res.Detail != "this machine has no interface no-such-interface" {
		t.Errorf("%s (%s): %s", res.Verdict, res.Obstacle, res.Detail)
	}
	if took := time.Since(began); took > 300*time.Millisecond {
		t.Errorf("that took %s", took)
	}
}

// TestDotAtTheEnd wants a name that ends in a dot asked for as any other: only
// the resolver is to see the dot.
func TestDotAtTheEnd(t *testing.T) {
	pool, checks := startStandIn(t, "2019", "mailbox", "client", nil)
	for i := range checks {
		checks[i].Host += "."
	}
	for _, res := range collect(t.Context(), pool, checks...) {
		if res.Verdict != Answered || res.Check.Host != "mail01.contoso.example." {
			t.Errorf("%s of %s: %s at %s: %s", res.Check.Service.Name, res.Check.Host, res.Verdict, res.Step, res.Detail)
			continue
		}
		checkTLS(t, res)
		if strings.Contains(res.Evidence, "mail01.contoso.example.:") {
			t.Errorf("%s: the dot was sent: %s", res.Check.Service.Name, res.Evidence)
		}
	}
}

// TestNoResolver is a name that no server answers for, and one that the user did
// not wait for.
func TestNoResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const said = "10.77.3.53 did not answer, 10.77.3.54 says SERVFAIL"
		p := &Pool{Resolver: &lookup.Resolver{Lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			if host == "mail02.contoso.com" {
				<-ctx.Done()
			}
			return nil, errors.New(said)
		}}, Dial: (&fakeNet{}).dial}
		res := collect(t.Context(), p, tcp25("mail01.contoso.com"))[0]
		if res.Verdict != Untried || res.Obstacle != NoResolver || res.Detail != "no name server gave an answer: "+said {
			t.Errorf("%s (%s) after %s: %s", res.Verdict, res.Obstacle, res.Took, res.Detail)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		res = collect(ctx, p, tcp25("mail02.contoso.com"))[0]
		if res.Verdict != Untried || res.Obstacle != Interrupted || time.Since(began) > time.Second {
			t.Errorf("interrupted: %s (%s) after %s: %s", res.Verdict, res.Obstacle, time.Since(began), res.Detail)
		}
	})
}

// TestBogusAddress wants a name with addresses of no host told as unresolved, and
// why.
func TestBogusAddress(t *testing.T) {
	p := &Pool{Resolver: &lookup.Resolver{Lookup: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}, nil
	}}, Dial: (&fakeNet{}).dial}
	res := collect(t.Context(), p, tcp25("blocked.contoso.com"))[0]
	const want = "the resolver resolves the name to 0.0.0.0, which stands for no host (RFC 1122), and ::, which stands for no host (RFC 4291)"
	if res.Verdict != Unresolved || res.Detail != want || res.Address.IsValid() {
		t.Errorf("%s: %s at %s, want unresolved", res.Verdict, res.Detail, res.Address)
	}
}
