// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// A fakePath is a way in memory: who is at each distance. An answer takes rtt.
type fakePath struct {
	hops []string                // the address at each TTL; "-" says nothing; "=" and an address is the server
	lost func(ttl, try int) bool // nil loses nothing
	rtt  time.Duration

	mu    sync.Mutex
	tries map[int]int // how often each TTL was asked
}

func (f *fakePath) ask(ctx context.Context, to socket.Target, ttl int) Reply {
	f.mu.Lock()
	if f.tries == nil {
		f.tries = map[int]int{}
	}
	f.tries[ttl]++
	try := f.tries[ttl]
	f.mu.Unlock()
	word := "-"
	if ttl >= 1 && ttl <= len(f.hops) {
		word = f.hops[ttl-1]
	} else if n := len(f.hops); n > 0 && strings.HasPrefix(f.hops[n-1], "=") {
		word = f.hops[n-1]
	}
	if word == "-" || f.lost != nil && f.lost(ttl, try) {
		<-ctx.Done()
		return Reply{Said: SaidNothing}
	}
	select {
	case <-time.After(f.rtt):
	case <-ctx.Done():
		return Reply{Said: SaidNothing}
	}
	if server, ok := strings.CutPrefix(word, "="); ok {
		return Reply{Said: SaidAccepted, From: netip.MustParseAddr(server)}
	}
	senders := strings.Split(word, ",")
	return Reply{Said: SaidExceeded, From: netip.MustParseAddr(senders[(try-1)%len(senders)])}
}

var traced = socket.Target{Network: catalog.TCP, Addr: netip.MustParseAddrPort("10.0.9.9:135")}

// words writes a path as fakePath.hops reads it.
func words(p Path) []string {
	var all []string
	for i, h := range p.Hops {
		word := "-"
		switch h.Said {
		case SaidAccepted:
			word = "=" + h.From[0].String()
		case SaidExceeded:
			var from []string
			for _, a := range h.From {
				from = append(from, a.String())
			}
			word = strings.Join(from, ",")
		}
		if h.TTL != i+1 {
			word = "out of place"
		}
		all = append(all, word)
	}
	return all
}

func TestPath(t *testing.T) {
	tests := []struct {
		name    string
		path    *fakePath
		answers int
		want    []string
		most    time.Duration // that it may take
		server  int           // how often the server is asked; 0 does not matter
	}{
		{name: "every hop answers", path: &fakePath{hops: []string{"10.0.1.1", "10.0.2.2", "=10.0.9.9"}},
			want: []string{"10.0.1.1", "10.0.2.2", "=10.0.9.9"}, most: time.Millisecond, server: 1},
		{name: "a long way", path: &fakePath{rtt: 100 * time.Millisecond, hops: []string{"10.0.1.1", "10.0.2.2", "10.0.3.3", "=10.0.9.9"}},
			want: []string{"10.0.1.1", "10.0.2.2", "10.0.3.3", "=10.0.9.9"}, most: 400 * time.Millisecond, server: 1},
		{name: "dropped", path: &fakePath{hops: []string{"10.0.1.1", "10.0.2.2"}},
			want: []string{"10.0.1.1", "10.0.2.2", "-", "-", "-", "-", "-"}, most: 4500 * time.Millisecond},
		{name: "nobody speaks", path: &fakePath{},
			want: []string{"-", "-", "-", "-", "-"}, most: 4500 * time.Millisecond},
		{name: "a silent hop on the way", path: &fakePath{hops: []string{"-", "10.0.2.2", "=10.0.9.9"}},
			want: []string{"-", "10.0.2.2", "=10.0.9.9"}, most: 4 * time.Second, server: 1},
		{name: "four silent hops, then the server", path: &fakePath{hops: []string{"10.0.1.1", "-", "-", "-", "-", "=10.0.9.9"}},
			want: []string{"10.0.1.1", "-", "-", "-", "-", "=10.0.9.9"}, most: 5 * time.Second},
		{name: "four of five are lost", path: &fakePath{lost: func(_, try int) bool { return try < 5 }, hops: []string{"10.0.1.1", "=10.0.9.9"}},
			want: []string{"10.0.1.1", "=10.0.9.9"}, most: 6 * time.Second},
		{name: "two routers at one distance", path: &fakePath{hops: []string{"10.0.1.1", "10.0.2.7,10.0.2.2", "=10.0.9.9"}}, answers: 2,
			want: []string{"10.0.1.1", "10.0.2.2,10.0.2.7", "=10.0.9.9"}, most: time.Millisecond, server: 1},
		{name: "a router that answers once", path: &fakePath{lost: func(ttl, try int) bool { return ttl == 1 && try > 1 }, hops: []string{"10.0.1.1", "=10.0.9.9"}}, answers: 2,
			want: []string{"10.0.1.1", "=10.0.9.9"}, most: 4 * time.Second},
		{name: "round in a circle", path: &fakePath{hops: slices.Repeat([]string{"10.0.1.1"}, 60)},
			want: slices.Repeat([]string{"10.0.1.1"}, FarthestHop), most: time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				p := Tracer{Answers: tt.answers, Ask: tt.path.ask}.Path(t.Context(), traced)
				if took := time.Since(began).Round(time.Microsecond); took > tt.most {
					t.Errorf("took %v, want at most %v", took, tt.most)
				}
				if got := words(p); !slices.Equal(got, tt.want) || p.Ended || p.Err != nil {
					t.Errorf("got %q, ended %v, error %v; want %q", got, p.Ended, p.Err, tt.want)
				}
				if tt.server > 0 && tt.path.tries[len(tt.want)] != tt.server {
					t.Errorf("the server was asked %d times, want %d", tt.path.tries[len(tt.want)], tt.server)
				}
			})
		})
	}
}

// Ctrl-C ends a trace at once, and what is known by then stays.
func TestPathInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began := time.Now()
		p := Tracer{Ask: (&fakePath{hops: []string{"10.0.1.1"}}).ask}.Path(ctx, traced)
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v", took)
		}
		if !p.Ended || len(p.Hops) == 0 || p.Hops[0].Said != SaidExceeded {
			t.Errorf("%+v", p)
		}
	})
}

// A path has an end even where hop after hop answers late.
func TestPathTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		slow := &fakePath{hops: slices.Repeat([]string{"10.0.1.1"}, 60), lost: func(_, try int) bool { return try < 5 }}
		p := Tracer{Timeout: 5 * time.Second, Ask: slow.ask}.Path(t.Context(), traced)
		if took := time.Since(began); took > 5*time.Second || !p.Ended {
			t.Errorf("took %v, ended early: %v", took, p.Ended)
		}
	})
}

// Where this machine cannot ask, that is what is said, and not a silent path.
func TestPathLocalError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("no room")
		p := Tracer{Ask: func(context.Context, socket.Target, int) Reply { return Reply{Said: SaidNothing, Err: broken} }}.Path(t.Context(), traced)
		if !errors.Is(p.Err, broken) || len(p.Hops) > 0 {
			t.Errorf("%+v", p)
		}
	})
}

func TestAnswering(t *testing.T) {
	says := map[uint16]Said{25: SaidReset, 80: SaidAccepted, 443: SaidNothing, 135: SaidProhibited}
	ask := func(ctx context.Context, to socket.Target, ttl int) Reply {
		said := says[to.Addr.Port()]
		if said == SaidNothing {
			<-ctx.Done()
		}
		return Reply{Said: said, From: to.Addr.Addr()}
	}
	for _, tt := range []struct {
		ports []uint16
		want  uint16 // 0 is none
		took  time.Duration
	}{
		{[]uint16{443, 25, 80, 135}, 80, 0}, // does not wait for the silent one
		{[]uint16{25, 135}, 25, 0},
		{[]uint16{443, 25}, 25, 3500 * time.Millisecond},
		{[]uint16{443, 135}, 0, 3500 * time.Millisecond},
		{nil, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var targets []socket.Target
			for _, port := range tt.ports {
				targets = append(targets, socket.Target{Network: catalog.TCP, Addr: netip.AddrPortFrom(traced.Addr.Addr(), port)})
			}
			began := time.Now()
			got, ok := Tracer{Ask: ask}.Answering(t.Context(), targets)
			if ok != (tt.want != 0) || got.Addr.Port() != tt.want || time.Since(began) != tt.took {
				t.Errorf("of %v: %v, %v after %v; want %d after %v", tt.ports, got.Addr, ok, time.Since(began), tt.want, tt.took)
			}
		})
	}
}
