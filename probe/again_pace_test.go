// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// A tally notes when connects were made.
type tally struct {
	dial func(context.Context, catalog.Network, netip.AddrPort) (net.Conn, error)
	mu   sync.Mutex
	at   []time.Time
}

func (c *tally) note(ctx context.Context, n catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	c.mu.Lock()
	c.at = append(c.at, time.Now())
	c.mu.Unlock()
	return c.dial(ctx, n, addr)
}

// most is how many connects were made within a second.
func (c *tally) most() (most int) {
	for i, from := range c.at {
		n := 0
		for _, at := range c.at[i:] {
			if at.Sub(from) < time.Second {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// TestPacedAgain: what is asked again keeps the pace that the user set, and a gentle
// run, which has one connection at a time, asks a closed port once.
func TestPacedAgain(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	for name, test := range map[string]struct {
		limit      int
		pool       Pool
		most, dial int
	}{
		"gentle": {100, Pool{Shared: &Shared{Gentle: true}}, 4, 20},
		"rate":   {1, Pool{Shared: &Shared{Rate: 10}}, 12, 1000}, // two may be sent together: a try and its witness
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &limitedNet{limit: test.limit, refusal: refusal, over: func(context.Context) (net.Conn, error) { return nil, refusal }, linger: 60 * time.Millisecond}
				counter := &tally{dial: network.dial}
				test.pool.Dial = counter.note
				collect(t.Context(), &test.pool, twenty("192.0.2.1")...)
				if most := counter.most(); most > test.most || len(counter.at) > test.dial {
					t.Errorf("%d connects in a second, %d in all; want at most %d and %d", most, len(counter.at), test.most, test.dial)
				}
			})
		})
	}
}

// TestPaceIsNoSilence: however long the pace keeps a check waiting, that is not time
// in which the port did not reply.
func TestPaceIsNoSilence(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	synctest.Test(t, func(t *testing.T) {
		network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) { return nil, refusal }}
		p := &Pool{Dial: network.dial, Shared: &Shared{Rate: 0.5}, Timeouts: Timeouts{Check: 3 * time.Second}}
		var checks []catalog.Check
		for _, host := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			checks = append(checks, twenty(host)...)
		}
		for _, res := range collect(t.Context(), p, checks...) {
			if res.Verdict != Refused {
				t.Errorf("port %d is %s (%s)", res.Port, res.Verdict, res.Detail)
			}
		}
	})
}

// TestCutIsCut: a service that hangs up on everybody limits nobody, however slowly it
// does so, and whether it falls silent later.
func TestCutIsCut(t *testing.T) {
	slowly := func(after time.Duration) func(int) func(net.Conn) {
		return func(int) func(net.Conn) {
			return func(c net.Conn) {
				time.Sleep(after)
				_, _ = io.WriteString(c, "220 mail01 Microsoft ESMTP MAIL Service ready\r\n")
				_, _ = c.Read(make([]byte, 100))
				time.Sleep(after)
			}
		}
	}
	thenSilent := func(cuts int) func(int) func(net.Conn) {
		return func(try int) func(net.Conn) {
			if try <= cuts {
				return closingServer
			}
			return silentServer
		}
	}
	for name, serve := range map[string]func(try int) func(net.Conn){
		"at once": slowly(0), "in 100 ms": slowly(50 * time.Millisecond), "in 600 ms": slowly(300 * time.Millisecond), "in 900 ms": slowly(450 * time.Millisecond),
		"in 5 s": slowly(2500 * time.Millisecond), "silent after 1": thenSilent(1), "silent after 2": thenSilent(2), "silent after 3": thenSilent(3),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := &fakeNet{serve: func(addr netip.AddrPort, try int) (func(net.Conn), error) {
					if addr.Port() == 4 {
						return serve(try), nil
					}
					return func(c net.Conn) { time.Sleep(50 * time.Millisecond); smtpServer(c) }, nil
				}}
				for _, res := range collect(t.Context(), &Pool{Dial: network.dial}, twenty("192.0.2.1")...) {
					sick := res.Port == 4 && (res.Verdict == Cut || res.Verdict == Silent)
					if res.Crowded != nil || !sick && res.Verdict != Answered {
						t.Errorf("port %d is %s in step %s: %+v", res.Port, res.Verdict, res.Step, res.Crowded)
					}
				}
			})
		})
	}
}

// TestBanned: a firewall that blocks a source for good once it has opened so many
// connections, as fail2ban does with a reject rule
// (https://github.com/fail2ban/fail2ban/blob/master/config/action.d/iptables.conf), says
// nothing of the ports that it refuses from then on.
func TestBanned(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	for _, after := range []int32{5, 10, 15} {
		synctest.Test(t, func(t *testing.T) {
			var accepted atomic.Int32
			network := &limitedNet{limit: 100, refusal: refusal}
			dial := func(ctx context.Context, n catalog.Network, addr netip.AddrPort) (net.Conn, error) {
				if accepted.Load() >= after {
					return nil, refusal
				}
				conn, err := network.dial(ctx, n, addr)
				if err == nil {
					accepted.Add(1)
				}
				return conn, err
			}
			known := 0
			for _, res := range collect(t.Context(), &Pool{Dial: dial}, twenty("192.0.2.1")...) {
				switch {
				case res.Verdict == Answered:
					known++
				case res.Crowded == nil && (res.Verdict != Refused || res.Port%2 == 0):
					t.Errorf("blocked after %d: port %d is %s (%s), and nothing tells of the block", after, res.Port, res.Verdict, res.Detail)
				}
			}
			if known == 0 {
				t.Errorf("blocked after %d: nothing answered", after)
			}
		})
	}
}
