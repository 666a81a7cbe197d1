// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// A limitedNet is a host in memory behind a limit of connections per source. Its
// even ports answer, its odd ones are closed.
type limitedNet struct {
	limit   int
	servers bool                                    // it is the servers' own, so closed ports know of none
	refusal error                                   // what a closed port answers
	over    func(context.Context) (net.Conn, error) // what happens to a connect above it
	linger  time.Duration                           // how long a connection counts after its end
	service func(port uint16) func(net.Conn)        // at even ports; nil is smtpServer

	mu     sync.Mutex
	open   int
	counts map[netip.AddrPort]int // connects
}

func (l *limitedNet) dial(ctx context.Context, _ catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	if !sleep(ctx, time.Millisecond) {
		return nil, ctx.Err()
	}
	l.mu.Lock()
	if l.counts == nil {
		l.counts = map[netip.AddrPort]int{}
	}
	l.counts[addr]++
	closed := addr.Port()%2 == 1
	over := l.open >= l.limit && !(l.servers && closed)
	if !over {
		l.open++
	}
	l.mu.Unlock()
	if over {
		return l.over(ctx)
	}
	if closed {
		l.leave()
		return nil, l.refusal
	}
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		if l.service != nil {
			l.service(addr.Port())(far)
			return
		}
		_ = far.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, _ = far.Read(make([]byte, 1))
		_ = far.SetReadDeadline(time.Time{})
		smtpServer(far)
	}()
	return &countedConn{Conn: near, closed: sync.OnceFunc(func() { time.AfterFunc(max(l.linger, 1), l.leave) })}, nil
}

func (l *limitedNet) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
}

// Ways to turn a connect away.

func dropConnect(ctx context.Context) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }

func answerICMP(what socket.ICMP) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		return nil, &socket.Error{Err: io.ErrClosedPipe, ICMP: what, By: netip.MustParseAddr("192.0.2.254")}
	}
}

func acceptAnd(serve func(net.Conn)) func(context.Context) (net.Conn, error) {
	return func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			serve(far)
		}()
		return near, nil
	}
}

// twenty is a check of each of twenty ports.
func twenty(host string) []catalog.Check { return forty(host)[:20] }

// TestConnectionLimit wants no port that answers by itself called anything else
// because a limit of connections per source turned it away: firewalls reset, send
// ICMP or drop (https://github.com/rfxn/advanced-policy-firewall/issues/34,
// https://github.com/TobleMiner/shoreline/issues/10), and servers accept and hang up or
// say 421 (https://www.haproxy.com/documentation/hapee/1-6r2/security/response-policies/reject/,
// https://github.com/rbsec/sslscan/issues/50, Exchange's MaxInboundConnectionPerSource).
func TestConnectionLimit(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	reset := func(context.Context) (net.Conn, error) { return nil, refusal }
	const trackers = 60 * time.Millisecond // connection tracking forgets with a delay, and servers at once
	tests := []struct {
		name   string
		over   func(context.Context) (net.Conn, error)
		linger time.Duration
	}{
		{"RST", reset, trackers},
		{"port unreachable", answerICMP(socket.ICMPPort), trackers},
		{"prohibited", answerICMP(socket.ICMPProhibited), trackers},
		{"host unreachable", answerICMP(socket.ICMPUnreachable), trackers},
		{"drop", dropConnect, trackers},
		{"accept and close", acceptAnd(closingServer), 0},
		{"421", acceptAnd(sayingServer("421 4.3.2 Too many concurrent connections from your host\r\n")), 0},
	}
	for _, tt := range tests {
		for _, limit := range []int{3, 5, 6, 10} {
			for _, linger := range []time.Duration{0, tt.linger} {
				synctest.Test(t, func(t *testing.T) {
					network := &limitedNet{limit: limit, servers: tt.linger == 0, refusal: refusal, over: tt.over, linger: linger}
					crowded := 0
					for _, res := range collect(t.Context(), &Pool{Dial: network.dial}, twenty("192.0.2.1")...) {
						want := Answered
						if res.Port%2 == 1 {
							want = Refused
						}
						if res.Verdict != want || res.Peer != nil && res.Peer.Refusal != "" {
							t.Errorf("%s, limit %d, linger %s: port %d is %s (%s, %d tries), want %s", tt.name, limit, linger, res.Port, res.Verdict, res.Detail, res.Tries, want)
						}
						if res.Crowded != nil {
							crowded++
						}
					}
					if crowded == 0 && limit < 10 && tt.name != "drop" { // connects that are dropped are sent again anyway
						t.Errorf("%s, limit %d: no result tells of the limit", tt.name, limit)
					}
				})
			}
		}
	}
}

// TestConnectionLimitHeld wants the same where slow services hold the connections
// that are allowed, until the time of their checks is over.
func TestConnectionLimitHeld(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	for name, over := range map[string]func(context.Context) (net.Conn, error){
		"RST":  func(context.Context) (net.Conn, error) { return nil, refusal },
		"drop": dropConnect,
	} {
		synctest.Test(t, func(t *testing.T) {
			network := &limitedNet{limit: 5, refusal: refusal, over: over, service: func(port uint16) func(net.Conn) {
				if port <= 10 {
					return silentServer
				}
				return smtpServer
			}}
			for _, res := range collect(t.Context(), &Pool{Dial: network.dial}, twenty("192.0.2.1")...) {
				want := Answered
				switch {
				case res.Port%2 == 1:
					want = Refused
				case res.Port <= 10:
					want = Silent
				}
				if res.Verdict != want {
					t.Errorf("%s: port %d is %s (%s), want %s", name, res.Port, res.Verdict, res.Detail, want)
				}
			}
		})
	}
}

// TestAnsweredIsNeverRefused: where one check of a port has been answered, another
// one of it that is turned away is told apart from a closed port.
func TestAnsweredIsNeverRefused(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	for _, gentle := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var connects int
			network := &fakeNet{serve: func(netip.AddrPort, int) (func(net.Conn), error) {
				if connects++; connects > 1 {
					return nil, refusal
				}
				return smtpServer, nil
			}}
			checks := []catalog.Check{smtpCheck("192.0.2.1", 25), smtpCheck("192.0.2.1", 25), smtpCheck("192.0.2.1", 25)}
			answered := 0
			for _, res := range collect(t.Context(), &Pool{Dial: network.dial, Shared: &Shared{Gentle: gentle}}, checks...) {
				switch {
				case res.Verdict == Answered:
					answered++
				case res.Verdict != Cut || res.Crowded == nil || res.Crowded.Verdict != Refused:
					t.Errorf("gentle %t: %s (%s), crowded %+v", gentle, res.Verdict, res.Detail, res.Crowded)
				}
			}
			if answered != 1 {
				t.Errorf("gentle %t: %d answered, want 1", gentle, answered)
			}
		})
	}
}

// TestClosedPorts wants ports that are closed asked once more and no further, and
// that soon, near and far; one that was asked alone is not asked again.
func TestClosedPorts(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	for _, rtt := range []time.Duration{100 * time.Microsecond, 100 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			connects := map[uint16]int{}
			dial := func(ctx context.Context, _ catalog.Network, addr netip.AddrPort) (net.Conn, error) {
				mu.Lock()
				connects[addr.Port()]++
				mu.Unlock()
				time.Sleep(rtt)
				return nil, refusal
			}
			start := time.Now()
			for _, res := range collect(t.Context(), &Pool{Dial: dial}, twenty("192.0.2.1")...) {
				if res.Verdict != Refused || res.Crowded != nil {
					t.Errorf("port %d: %s, crowded %+v", res.Port, res.Verdict, res.Crowded)
				}
			}
			if took := time.Since(start); took > max(100*time.Millisecond, 8*rtt) {
				t.Errorf("round trip %s: took %s", rtt, took)
			}
			more := 0
			for port, n := range connects {
				if n < 2 {
					t.Errorf("port %d was asked %d times, want 2", port, n)
				}
				more += n - 2
			}
			if more > airing-1 {
				t.Errorf("%d connects more than two for each port", more)
			}
			clear(connects)
			collect(t.Context(), &Pool{Dial: dial}, forty("192.0.2.1")[:1]...)
			if connects[1] != 1 {
				t.Errorf("a single port was asked %d times, want once", connects[1])
			}
		})
	}
}

// TestInterruptedInDoubt: what was turned away and could not be asked again is not
// known.
func TestInterruptedInDoubt(t *testing.T) {
	refusal := errnoOf(t, socket.Refused)
	synctest.Test(t, func(t *testing.T) {
		network := &limitedNet{limit: 4, refusal: refusal, over: func(context.Context) (net.Conn, error) { return nil, refusal }, service: func(uint16) func(net.Conn) { return silentServer }}
		ctx, stop := context.WithTimeout(t.Context(), 3*time.Second)
		defer stop()
		for _, res := range collect(ctx, &Pool{Dial: network.dial}, twenty("192.0.2.1")...) {
			if res.Verdict != Untried {
				t.Errorf("port %d: %s (%s), want untried", res.Port, res.Verdict, res.Detail)
			}
		}
	})
}
