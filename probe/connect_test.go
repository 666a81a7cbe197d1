// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"exreach/catalog"
)

// A lossyNet is a path in memory to hosts whose even ports answer and whose odd
// ones are dropped. Only connecting takes time and gets lost.
type lossyNet struct {
	rtt    time.Duration
	jitter time.Duration          // more than rtt, at most
	loss   float64                // each way
	outage func(t time.Time) bool // nothing passes then
	most   int                    // connects in two seconds: who sends more is shunned for good
	noise  *rand.Rand

	mu      sync.Mutex
	sent    []time.Time
	shunned bool
}

func (l *lossyNet) dial(ctx context.Context, _ catalog.Network, addr netip.AddrPort) (net.Conn, error) {
	delay, there := l.send()
	if !there || addr.Port()%2 == 1 {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if !sleep(ctx, delay) {
		return nil, ctx.Err()
	}
	near, far := net.Pipe()
	go func() {
		defer far.Close()
		smtpServer(far)
	}()
	return near, nil
}

// send is how long an answer takes, and whether there will be one.
func (l *lossyNet) send() (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, delay := time.Now(), l.rtt
	if l.jitter > 0 {
		delay += time.Duration(l.noise.Int64N(int64(l.jitter)))
	}
	l.sent = append(l.sent, now)
	l.shunned = l.shunned || l.most > 0 && len(l.sent) > l.most && now.Sub(l.sent[len(l.sent)-1-l.most]) < 2*time.Second
	there, back := l.passes(now), l.passes(now.Add(delay/2))
	return delay, there && back && !l.shunned
}

func (l *lossyNet) passes(t time.Time) bool {
	return l.noise.Float64() >= l.loss && (l.outage == nil || !l.outage(t))
}

// forty is a check of each of forty ports.
func forty(host string) (checks []catalog.Check) {
	for port := range uint16(40) {
		checks = append(checks, smtpCheck(host, port+1))
	}
	return checks
}

// judge fails the test where a verdict is not the one of the port's nature.
func judge(t *testing.T, results []Result) {
	t.Helper()
	for _, res := range results {
		want := Answered
		if res.Port%2 == 1 {
			want = TimedOut
		}
		if res.Verdict != want {
			t.Errorf("port %d is %s (%s), want %s", res.Port, res.Verdict, res.Detail, want)
		}
	}
}

// TestLoss wants no healthy port called dropped, whatever the path does, nor a
// dropped one healthy, and the answer soon.
func TestLoss(t *testing.T) {
	const ms = time.Millisecond
	bursts := func(t time.Time) bool { return t.UnixMilli()%3000 < 300 }
	tests := []struct {
		name string
		path *lossyNet
		soon time.Duration
	}{
		{"LAN", &lossyNet{rtt: 200 * time.Microsecond}, 500 * ms},
		{"LAN, bursts", &lossyNet{rtt: 200 * time.Microsecond, outage: bursts}, 3000 * ms},
		{"LAN, 2 s of nothing", &lossyNet{rtt: 200 * time.Microsecond, outage: func(t time.Time) bool { return t.UnixMilli()%8000 < 2000 }}, 6000 * ms},
		{"WAN, 2 %", &lossyNet{rtt: 100 * ms, loss: 0.02}, 3000 * ms},
		{"WAN, 5 %", &lossyNet{rtt: 100 * ms, loss: 0.05}, 4000 * ms},
		{"WAN, 15 %", &lossyNet{rtt: 100 * ms, loss: 0.15}, 12000 * ms},
		{"WAN, bursts", &lossyNet{rtt: 100 * ms, outage: bursts}, 4000 * ms},
		{"jitter", &lossyNet{rtt: 100 * ms, jitter: 300 * ms, loss: 0.02}, 10000 * ms},
		{"satellite", &lossyNet{rtt: 700 * ms, jitter: 50 * ms, loss: 0.02}, 12000 * ms},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(20) {
				synctest.Test(t, func(t *testing.T) {
					tt.path.noise = rand.New(rand.NewPCG(seed, 0))
					time.Sleep(time.Duration(tt.path.noise.Int64N(int64(8 * time.Second)))) // anywhere between two bursts
					start := time.Now()
					judge(t, collect(t.Context(), &Pool{Dial: tt.path.dial}, forty("192.0.2.1")...))
					if d := time.Since(start); d > tt.soon {
						t.Errorf("took %s, more than %s", d, tt.soon)
					}
				})
			}
		})
	}
}

// TestOnePortUnderLoss: a port that nothing is known beside is asked as patiently
// as a dead host.
func TestOnePortUnderLoss(t *testing.T) {
	for seed := range uint64(500) {
		synctest.Test(t, func(t *testing.T) {
			path := &lossyNet{rtt: 100 * time.Millisecond, loss: 0.05, noise: rand.New(rand.NewPCG(seed, 1))}
			judge(t, collect(t.Context(), &Pool{Dial: path.dial}, smtpCheck("192.0.2.1", 2)))
		})
	}
}

// TestDeadHost wants a host that answers nothing to cost one time-out, and not
// one for each of its ports.
func TestDeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := &lossyNet{rtt: time.Millisecond, outage: func(time.Time) bool { return true }, noise: rand.New(rand.NewPCG(0, 0))}
		start := time.Now()
		for _, res := range collect(t.Context(), &Pool{Dial: path.dial}, forty("192.0.2.1")...) {
			if res.Verdict != TimedOut || res.Tries != 7 || res.Witness != nil || res.RTT != 0 {
				t.Errorf("%s after %d tries, witness %v, round trip %s (%s)", res.Verdict, res.Tries, res.Witness, res.RTT, res.Detail)
			}
		}
		if d := time.Since(start).Round(time.Microsecond); d != 3500*time.Millisecond {
			t.Errorf("took %s, want 3.5s", d)
		}
	})
}

// TestWitness: a dropped port says which port answered meanwhile, and what the
// path is like.
func TestWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := &lossyNet{rtt: 80 * time.Millisecond, noise: rand.New(rand.NewPCG(0, 0))}
		web := smtpCheck("192.0.2.1", 4)
		web.Service.HTTP = &catalog.Directory{Path: "/owa/"}
		for _, res := range collect(t.Context(), &Pool{Dial: path.dial}, smtpCheck("192.0.2.1", 1), smtpCheck("192.0.2.1", 2), web) {
			if res.RTT != 80*time.Millisecond {
				t.Errorf("port %d: round trip %s", res.Port, res.RTT)
			}
			var want *Witness
			if res.Port == 1 {
				want = &Witness{Port: 4, Answers: true}
			}
			if diff := cmp.Diff(want, res.Witness); diff != "" {
				t.Errorf("port %d (-want +got):\n%s", res.Port, diff)
			}
		}
	})
}

// TestShun is a firewall that lets nothing of a source through any more once it
// has opened too much at a time: the silence must not be told without saying that
// a port which had answered is silent, too. A gentle run is not shunned.
func TestShun(t *testing.T) {
	for _, gentle := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			path := &lossyNet{rtt: time.Millisecond, most: 10, noise: rand.New(rand.NewPCG(0, 0))}
			results := collect(t.Context(), &Pool{Dial: path.dial, Shared: &Shared{Gentle: gentle}}, forty("192.0.2.1")...)
			if gentle {
				judge(t, results)
				return
			}
			said := 0
			for _, res := range results {
				if res.Verdict != Answered && res.Verdict != TimedOut {
					t.Errorf("port %d is %s (%s)", res.Port, res.Verdict, res.Detail)
				}
				if res.Verdict == TimedOut && res.Witness != nil && !res.Witness.Answers {
					said++
				}
			}
			if said == 0 {
				t.Error("nobody says that the witness fell silent")
			}
		})
	}
}

// TestOutage is a path that is down for a while just after a SYN got lost on it:
// what was sent in that time says nothing about the port.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		network := &fakeNet{serve: func(addr netip.AddrPort, try int) (func(net.Conn), error) {
			d := time.Since(start)
			if addr.Port() == 4 && try == 1 || d > 10*time.Millisecond && d < 5*time.Second {
				return nil, nil
			}
			return smtpServer, nil
		}}
		judge(t, collect(t.Context(), &Pool{Dial: network.dial}, smtpCheck("192.0.2.1", 2), smtpCheck("192.0.2.1", 4)))
	})
}
