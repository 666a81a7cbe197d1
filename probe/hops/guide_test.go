// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// A country is a network in memory with many hosts. Each host has a fakePath for its port
// 443, and its other ports are dropped behind a distance.
type country struct {
	routers map[netip.Addr][]string // who is at each TTL before a host
	dropped map[netip.Addr]int      // packets to ports but 443 come to this TTL, and no farther
	forbids string                  // a router that says so where it drops; "" for none
	limited bool                    // routers send six messages, and then one a second

	mu     sync.Mutex
	asked  map[netip.AddrPort]int // how often each port was asked
	tokens map[string]float64
	last   map[string]time.Time
}

func (c *country) ask(ctx context.Context, to socket.Target, ttl int) Reply {
	addr := to.Addr.Addr()
	way := c.routers[addr]
	open := to.Addr.Port() == 443
	c.mu.Lock()
	if c.asked == nil {
		c.asked = map[netip.AddrPort]int{}
	}
	c.asked[to.Addr]++
	c.mu.Unlock()
	switch {
	case ttl <= len(way) && (open || ttl <= c.dropped[addr]) && way[ttl-1] != "-" && c.mayAnswer(way[ttl-1]):
		return Reply{Said: SaidExceeded, From: netip.MustParseAddr(way[ttl-1])}
	case ttl > len(way) && open:
		return Reply{Said: SaidAccepted, From: addr}
	case !open && ttl > c.dropped[addr] && c.forbids != "":
		return Reply{Said: SaidProhibited, From: netip.MustParseAddr(c.forbids)}
	}
	<-ctx.Done()
	return Reply{Said: SaidNothing}
}

// mayAnswer is the token bucket of a router.
func (c *country) mayAnswer(router string) bool {
	if !c.limited {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens, c.last = map[string]float64{}, map[string]time.Time{}
	}
	now, had := time.Now(), 6.0
	if last, known := c.last[router]; known {
		had = min(6, c.tokens[router]+now.Sub(last).Seconds())
	}
	if c.last[router] = now; had < 1 {
		c.tokens[router] = had
		return false
	}
	c.tokens[router] = had - 1
	return true
}

// host adds a host behind routers, of which the one at TTL dropped is the last that packets
// to its blocked ports come to.
func (c *country) host(addr string, dropped int, routers ...string) netip.Addr {
	if c.routers == nil {
		c.routers, c.dropped = map[netip.Addr][]string{}, map[netip.Addr]int{}
	}
	a := netip.MustParseAddr(addr)
	c.routers[a], c.dropped[a] = routers, dropped
	return a
}

func tcp(addr netip.Addr, port uint16) socket.Target {
	return socket.Target{Network: catalog.TCP, Addr: netip.AddrPortFrom(addr, port)}
}

// trace traces port 587 of an address, beside its port 443 if that is alive.
func (c *country) trace(ctx context.Context, g *Guide, addr netip.Addr, alive bool) (Trace, error) {
	var beside *BesidePort
	if alive {
		beside = NewBesidePort(g.Tracer, tcp(addr, 443))
	}
	return g.Trace(ctx, tcp(addr, 587), beside)
}

func (c *country) guide() *Guide { return &Guide{Tracer: Tracer{Ask: c.ask}} }

// sums is a path in a line: "2:10.0.2.2 3:-".
func sums(p *Path) string {
	if p == nil {
		return "none"
	}
	text := ""
	for i, h := range p.Hops {
		if i > 0 {
			text += " "
		}
		switch h.Said {
		case SaidNothing:
			text += fmt.Sprintf("%d:-", h.TTL)
		case SaidExceeded:
			text += fmt.Sprintf("%d:%v", h.TTL, h.From[0])
		default:
			text += fmt.Sprintf("%d:%s", h.TTL, h.Said)
		}
	}
	return text
}

// What is asked of a host depends on what is known of the one before it, 10.0.9.1, whose
// port 587 stops after the second of its three routers unless the test says otherwise.
func TestGuide(t *testing.T) {
	const r1, r2, r3, other = "10.0.1.1", "10.0.2.2", "10.0.3.3", "10.0.7.7"
	tests := []struct {
		name   string
		make   func(c *country) (first, second netip.Addr)
		dead   bool // no other port answers
		path   string
		beside string
		shared bool
	}{
		{name: "behind the same last router",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2), c.host("10.0.9.2", 2, r1, r2)
			},
			path: "2:10.0.2.2", beside: "3:accepted", shared: true},
		{name: "dropped on the way: the next router is asked, too",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2, r3), c.host("10.0.9.2", 2, r1, r2, r3)
			},
			path: "2:10.0.2.2 3:-", beside: "3:10.0.3.3 4:accepted", shared: true},
		{name: "a silent router behind the last",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 1, r1, "-", r3), c.host("10.0.9.2", 1, r1, "-", r3)
			},
			path: "1:10.0.1.1 2:- 3:-", beside: "2:- 3:10.0.3.3 4:accepted", shared: true},
		{name: "in another network, behind the same router",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2), c.host("10.8.9.2", 2, r1, r2)
			},
			path: "2:10.0.2.2", beside: "3:accepted", shared: true},
		{name: "another router at that distance",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2), c.host("10.0.9.2", 2, r1, other)
			},
			path: "1:10.0.1.1 2:10.0.7.7 3:- 4:- 5:- 6:- 7:-", beside: "1:10.0.1.1 2:10.0.7.7 3:accepted"},
		{name: "dropped sooner",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2), c.host("10.0.9.2", 1, r1, r2)
			},
			path: "1:10.0.1.1 2:- 3:- 4:- 5:- 6:-", beside: "1:10.0.1.1 2:10.0.2.2 3:accepted"},
		{name: "dropped later",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2, r3), c.host("10.0.9.2", 3, r1, r2, r3)
			},
			path: "1:10.0.1.1 2:10.0.2.2 3:10.0.3.3 4:- 5:- 6:- 7:- 8:-", beside: "1:10.0.1.1 2:10.0.2.2 3:10.0.3.3 4:accepted"},
		{name: "nothing to compare with", dead: true,
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("10.0.9.1", 2, r1, r2), c.host("10.0.9.2", 2, r1, r2)
			},
			path: "2:10.0.2.2 3:-", beside: "none", shared: true},
		{name: "a router that forbids it is heard again",
			make: func(c *country) (_, _ netip.Addr) {
				c.forbids = r2
				return c.host("10.0.9.1", 2, r1, r2), c.host("10.0.9.2", 2, r1, r2)
			},
			path: "2:10.0.2.2 3:prohibited", beside: "3:accepted", shared: true},
		{name: "on this machine's own network",
			make: func(c *country) (_, _ netip.Addr) { return c.host("10.0.9.1", 0), c.host("10.0.9.2", 0) },
			path: "", beside: "1:accepted", shared: true},
		{name: "the first was on this machine's own network",
			make: func(c *country) (_, _ netip.Addr) { return c.host("10.0.1.9", 0), c.host("10.0.9.2", 2, r1, r2) },
			path: "1:10.0.1.1 2:10.0.2.2 3:- 4:- 5:- 6:- 7:-", beside: "1:10.0.1.1 2:10.0.2.2 3:accepted"},
		{name: "over IPv6",
			make: func(c *country) (_, _ netip.Addr) {
				return c.host("fd00:9::1", 2, "fd00:1::1", "fd00:2::2"), c.host("fd00:9::2", 2, "fd00:1::1", "fd00:2::2")
			},
			path: "2:fd00:2::2", beside: "3:accepted", shared: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := new(country)
				first, second := tt.make(c)
				g := c.guide()
				whole, err := c.trace(t.Context(), g, first, !tt.dead)
				if err != nil || whole.Shared != nil {
					t.Fatalf("the first shares its path with %v, error %v", whole.Shared, err)
				}
				got, err := c.trace(t.Context(), g, second, !tt.dead)
				if sums(&got.Path) != tt.path || sums(got.Beside) != tt.beside || (got.Shared != nil) != tt.shared || err != nil {
					t.Errorf("path %q beside %q, shared with %v, error %v\nwant %q beside %q, shared: %v",
						sums(&got.Path), sums(got.Beside), got.Shared, err, tt.path, tt.beside, tt.shared)
				}
				if got.Shared != nil && got.Shared.Addr != netip.AddrPortFrom(first, 587) {
					t.Errorf("shared with %v, want port 587 of %v, whose path was walked", got.Shared, first)
				}
			})
		})
	}
}

// Sixty hosts behind a router that limits its messages, all at once: one path is walked,
// the ports that answer get one connect for each other host, and the router does not look
// silent.
func TestGuideManyHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &country{limited: true}
		g := c.guide()
		for i := range 60 {
			c.host(fmt.Sprintf("10.0.9.%d", i+1), 2, "10.0.1.1", "10.0.2.2")
		}
		var each sync.WaitGroup
		var whole atomic.Int32
		began := time.Now()
		for addr := range c.routers {
			each.Go(func() {
				got, err := c.trace(t.Context(), g, addr, true)
				if got.Shared == nil {
					whole.Add(1)
				} else if sums(&got.Path) != "2:10.0.2.2" || err != nil {
					t.Errorf("%v: %q, %v", addr, sums(&got.Path), err)
				}
			})
		}
		each.Wait()
		if took := time.Since(began); whole.Load() != 1 || took > 80*time.Second {
			t.Errorf("%d whole paths, %v", whole.Load(), took)
		}
		connects := 0
		for addr := range c.routers {
			connects += c.asked[netip.AddrPortFrom(addr, 443)]
		}
		if want := 3 + 59; connects != want {
			t.Errorf("%d connects to ports that answer, want %d", connects, want)
		}
	})
}

// Two routers share the load of a network: each of them costs one whole path.
func TestGuideTwoLastRouters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(country)
		g := c.guide()
		whole := 0
		for i := range 20 {
			addr := c.host(fmt.Sprintf("10.0.9.%d", i+1), 2, "10.0.1.1", []string{"10.0.2.2", "10.0.2.3"}[i%2])
			got, err := c.trace(t.Context(), g, addr, true)
			if err != nil {
				t.Fatal(err)
			}
			if got.Shared == nil {
				whole++
			}
		}
		if whole != 2 {
			t.Errorf("%d whole paths, want 2", whole)
		}
	})
}

// All traces of a run have an end, and pauses between them do not count.
func TestGuideTimeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(country)
		g := c.guide()
		began := time.Now()
		var spent time.Duration
		for i := range 100 {
			addr := c.host(fmt.Sprintf("10.%d.9.1", i), 1, fmt.Sprintf("10.%d.1.1", i)) // no two share a router
			from := time.Now()
			_, err := c.trace(t.Context(), g, addr, false)
			spent += time.Since(from)
			if errors.Is(err, ErrTimeUp) {
				if spent != tracesTime {
					t.Errorf("time was up after %v of traces, want %v", spent, tracesTime)
				}
				if left, err := c.trace(t.Context(), g, addr, false); !errors.Is(err, ErrTimeUp) {
					t.Errorf("afterwards: %v, %v", left, err)
				}
				return
			}
			time.Sleep(time.Minute)
		}
		t.Errorf("time was not up after %v", time.Since(began))
	})
}

// The cause of an interrupt comes back for what had not begun; the rest keeps what it saw.
func TestGuideInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(country)
		g := c.guide()
		ctx, stop := context.WithCancelCause(t.Context())
		enough := errors.New("enough")
		time.AfterFunc(time.Second, func() { stop(enough) })
		addrs := []netip.Addr{c.host("10.0.9.1", 1, "10.0.1.1", "10.0.2.2"), c.host("10.0.9.2", 1, "10.0.1.1", "10.0.2.2")}
		traces, errs := make([]Trace, 2), make([]error, 2)
		var each sync.WaitGroup
		for i, addr := range addrs {
			each.Go(func() { traces[i], errs[i] = c.trace(ctx, g, addr, true) })
		}
		each.Wait()
		began := slices.IndexFunc(errs, func(err error) bool { return err == nil })
		if began < 0 || !traces[began].Path.Ended || !errors.Is(errs[1-began], enough) {
			t.Errorf("errors %v, paths %q, %q", errs, sums(&traces[0].Path), sums(&traces[1].Path))
		}
	})
}
