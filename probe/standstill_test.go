// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
)

// A sleeper is a clock on the wall that goes on while the program stands still, and
// a network whose connections do not live through that.
type sleeper struct {
	mu    sync.Mutex
	slept time.Duration
	woken chan struct{} // closed at each standstill
}

func newSleeper() *sleeper { return &sleeper{woken: make(chan struct{})} }

func (s *sleeper) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.slept)
}

// sleep stands still for a while.
func (s *sleeper) sleep(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slept += d
	close(s.woken)
	s.woken = make(chan struct{})
}

func (s *sleeper) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.woken
}

// dead serves until the program stands still, and then as a peer that is gone.
func (s *sleeper) dead(after time.Duration, then func(net.Conn), lost func(net.Conn)) func(net.Conn) {
	woken := s.next()
	return func(c net.Conn) {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			then(c)
		case <-woken:
			lost(c)
		}
	}
}

// TestStoodStill wants what was pending while the program stood still asked again,
// whatever became of it: silence, a server that hung up meanwhile, or its words for
// that.
func TestStoodStill(t *testing.T) {
	for name, lost := range map[string]func(net.Conn){
		"silent":        silentServer,
		"hung up":       closingServer,
		"said good-bye": sayingServer("421 4.4.2 mail01 Error: timeout exceeded\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSleeper()
				time.AfterFunc(300*time.Millisecond, func() { s.sleep(25 * time.Second) })
				network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) {
					return s.dead(400*time.Millisecond, smtpServer, lost), nil
				}}
				res := collect(t.Context(), &Pool{Dial: network.dial, clock: s.now}, smtpCheck("192.0.2.1", 25))[0]
				if res.Verdict != Answered || res.Peer.Refusal != "" {
					t.Errorf("%s: %s", res.Verdict, res.Detail)
				}
			})
		})
	}
}

// TestStoodStillConnecting wants a port whose connects were lost in a standstill,
// and for a moment after it, answered as soon as the network is there again.
func TestStoodStillConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSleeper()
		back := time.Now().Add(2500 * time.Millisecond)
		time.AfterFunc(300*time.Millisecond, func() { s.sleep(25 * time.Second) })
		network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) {
			if time.Now().Before(back) {
				return nil, nil
			}
			return smtpServer, nil
		}}
		res := collect(t.Context(), &Pool{Dial: network.dial, clock: s.now}, smtpCheck("192.0.2.1", 25))[0]
		if res.Verdict != Answered {
			t.Errorf("%s: %s", res.Verdict, res.Detail)
		}
	})
}

// TestAlwaysStoodStill wants an end where the program stands still whenever it asks,
// and that told as this machine's state; a port that is silent by itself stays so.
func TestAlwaysStoodStill(t *testing.T) {
	for _, often := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := newSleeper()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			go func() {
				for often && sleep(ctx, 5*time.Second) {
					s.sleep(25 * time.Second)
				}
			}()
			network := &fakeNet{serve: always(silentServer)}
			res := collect(ctx, &Pool{Dial: network.dial, clock: s.now}, smtpCheck("192.0.2.1", 25))[0]
			want, obstacle := Silent, Obstacle("")
			if often {
				want, obstacle = Untried, StoodStill
			}
			if res.Verdict != want || res.Obstacle != obstacle {
				t.Errorf("often %t: %s, obstacle %q (%s), want %s, %q", often, res.Verdict, res.Obstacle, res.Detail, want, obstacle)
			}
		})
	}
}

// TestStoodStillInLookup wants a lookup that was overslept done again.
func TestStoodStillInLookup(t *testing.T) {
	for _, often := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := newSleeper()
			lookups := 0
			found := func(context.Context, string) ([]netip.Addr, error) {
				if lookups++; lookups == 1 || often {
					time.Sleep(time.Second)
					s.sleep(25 * time.Second)
					return nil, &net.DNSError{Err: "i/o timeout", IsTimeout: true}
				}
				return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
			}
			network := &fakeNet{serve: always(smtpServer)}
			res := collect(t.Context(), &Pool{Dial: network.dial, Resolver: &lookup.Resolver{Lookup: found}, clock: s.now}, smtpCheck("mail01", 25))[0]
			switch {
			case !often && res.Verdict != Answered:
				t.Errorf("%s: %s", res.Verdict, res.Detail)
			case often && (res.Verdict != Untried || res.Obstacle != StoodStill || res.Step != protocol.Resolve):
				t.Errorf("%s, obstacle %q: %s", res.Verdict, res.Obstacle, res.Detail)
			}
		})
	}
}

// TestStoodStillOverUDP wants a question over UDP asked again, too.
func TestStoodStillOverUDP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSleeper()
		time.AfterFunc(300*time.Millisecond, func() { s.sleep(25 * time.Second) })
		network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) {
			return s.dead(400*time.Millisecond, smtpServer, silentServer), nil
		}}
		c := smtpCheck("192.0.2.1", 25)
		c.Service.Network = catalog.UDP
		res := collect(t.Context(), &Pool{Dial: network.dial, clock: s.now}, c)[0]
		if res.Verdict != Answered {
			t.Errorf("%s: %s", res.Verdict, res.Detail)
		}
	})
}

// TestPassed wants the clock heard that shows more: in a suspend only the one on
// the wall goes on (https://github.com/oxen-io/lokinet/issues/604).
func TestPassed(t *testing.T) {
	start := time.Now()
	later := start.Add(3 * time.Second)
	for _, tt := range []struct {
		name string
		to   time.Time
		want time.Duration
	}{
		{"both", later, 3 * time.Second},
		{"the wall's", later.Round(0), 3 * time.Second},
	} {
		if got := passed(start, tt.to); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestStoodStillInResolver: a lookup that failed because the program stood still is
// not remembered. The name is asked again.
func TestStoodStillInResolver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, lookups := newSleeper(), 0
		resolver := &lookup.Resolver{Lookup: func(ctx context.Context, _ string) ([]netip.Addr, error) {
			if lookups++; lookups == 1 {
				s.sleep(25 * time.Second)
				<-ctx.Done()
				return nil, &net.DNSError{Err: "i/o timeout", IsTimeout: true}
			}
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		}}

		network := &fakeNet{serve: always(smtpServer)}
		res := collect(t.Context(), &Pool{Dial: network.dial, Resolver: resolver, clock: s.now}, smtpCheck("mail01", 25))[0]
		if res.Verdict != Answered || lookups != 2 {
			t.Errorf("%s after %d lookups: %s", res.Verdict, lookups, res.Detail)
		}
	})
}
