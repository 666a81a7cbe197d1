// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/socket"
)

// Bounds on the traces of a Guide. A Linux router sends one ICMP message a second to each
// receiver, after the first six (net.ipv4.icmp_ratelimit, icmp(7)). More traces at once
// than can share these would find it silent.
const (
	walksAtOnce = 2 // whole paths
	asksAtOnce  = 1 // of one router, by all other traces
	tracesTime  = 2 * time.Minute
)

// ErrTimeUp says that a Guide has spent the time that all its traces may take.
var ErrTimeUp = errors.New("the traces took too long")

// A Guide traces many ports. It walks the whole path of the first. For the others it checks
// that their packets reach the same last hop, as the Doubletree algorithm does
// (Donnet, Raoult, Friedman, Crovella: Efficient Algorithms for Large-Scale Topology
// Discovery, 2005). Only where they do not, it walks another whole path. Its traces may
// take two minutes in all, in which any number is under way. Do not copy a Guide.
type Guide struct {
	Tracer Tracer

	time allowance

	mu    sync.Mutex // guards the fields below
	marks map[area]*mark
	turns map[netip.Addr]*semaphore.Weighted // at each router; the zero Addr is for whole paths
}

// An area is a set of ports to which packets are likely to take the same path.
type area struct {
	network catalog.Network // "" is both
	port    uint16          // 0 is every one
	prefix  netip.Prefix
}

// areasOf returns the areas that a port is in, the smallest first: the same port in its
// network, every port there, and all addresses of its family. A network is a /24 or a /64.
func areasOf(to socket.Target) []area {
	addr, bits := to.Addr.Addr(), 64
	if addr.Is4() {
		bits = 24
	}
	network := netip.PrefixFrom(addr.WithZone(""), bits).Masked()
	return []area{
		{to.Network, to.Addr.Port(), network},
		{prefix: network},
		{prefix: netip.PrefixFrom(network.Addr(), 0).Masked()},
	}
}

// A mark is what is known of an area.
type mark struct {
	turn  *semaphore.Weighted // guards the fields below; the first port of the area holds it while it is traced
	known bool
	stop  stop
}

// A stop is where the path of a port stops.
type stop struct {
	last Hop           // the last hop that said time exceeded; its TTL is 0 where none did
	end  int           // the TTL of the hop that ended the path; 0 where none did
	of   socket.Target // the port whose whole path was walked
}

// Trace traces a port, and compares it with the port beside it. An error is the cause for
// which it was not traced: that of ctx, or ErrTimeUp.
func (g *Guide) Trace(ctx context.Context, to socket.Target, beside *BesidePort) (Trace, error) {
	ctx, done := g.time.spend(ctx)
	defer done()
	t := g.traceIn(ctx, areasOf(to), to, beside)
	if t.Path.Ended && len(t.Path.Hops) == 0 {
		return Trace{}, context.Cause(ctx)
	}
	return t, nil
}

// traceIn traces a port by what is known of the smallest area, or else of the next one. If
// nothing is known of any, it walks the whole path. The first port of an area makes its mark.
func (g *Guide) traceIn(ctx context.Context, areas []area, to socket.Target, beside *BesidePort) Trace {
	if len(areas) == 0 {
		return g.whole(ctx, to, beside)
	}
	m := g.mark(areas[0])
	if m.turn.Acquire(ctx, 1) != nil {
		return notBegun(to)
	}
	if !m.known {
		defer m.turn.Release(1)
		t := g.traceIn(ctx, areas[1:], to, beside)
		m.learn(t)
		return t
	}
	s := m.stop
	m.turn.Release(1)
	t, ok := g.short(ctx, s, to, beside)
	if !ok {
		t = g.whole(ctx, to, beside)
		m.learnMore(ctx, t)
	}
	return t
}

// notBegun is the trace of a port that was not asked before time was up.
func notBegun(to socket.Target) Trace { return Trace{Path: Path{Target: to, Ended: true}} }

// whole walks the whole path, and that of the port beside.
func (g *Guide) whole(ctx context.Context, to socket.Target, beside *BesidePort) Trace {
	turns := g.turnsAt(netip.Addr{}, walksAtOnce)
	if turns.Acquire(ctx, 1) != nil {
		return notBegun(to)
	}
	defer turns.Release(1)
	var other sync.WaitGroup
	other.Go(func() { beside.pathFrom(ctx, 1) })
	path := g.Tracer.Path(ctx, to)
	other.Wait()
	return Trace{Path: path, Beside: beside.pathFrom(ctx, 1)}
}

// short traces a port whose packets come to the stop s, from that hop on. It returns false
// if they do not, or if they get farther.
func (g *Guide) short(ctx context.Context, s stop, to socket.Target, beside *BesidePort) (Trace, bool) {
	path := Path{Target: to}
	if s.last.TTL > 0 {
		h, ok := g.meet(ctx, s.last, to)
		if !ok {
			return Trace{}, false
		}
		path.Hops = append(path.Hops, h)
	}
	t := Trace{Path: path, Beside: beside.pathFrom(ctx, s.last.TTL+1), Shared: &s.of}
	until, ok := t.until(s)
	if !ok {
		return Trace{}, false
	}
	rest := g.Tracer.walk(ctx, to, s.last.TTL+1, until)
	farther := slices.ContainsFunc(rest.Hops, func(h Hop) bool { return h.Said == SaidExceeded })
	t.Path.Hops, t.Path.Ended = append(t.Path.Hops, rest.Hops...), rest.Ended
	return t, rest.Err == nil && !farther
}

// until returns the last TTL to ask for a port that comes to the stop s: that of the first
// hop behind s that answers for the port beside. If that hop is the server, the one before
// is enough: the port timed out, and nothing else is left that could answer. It returns
// false if no hop behind s answers for the port beside.
func (t Trace) until(s stop) (ttl int, ok bool) {
	ttl = s.last.TTL + 1
	if t.Beside != nil {
		i := slices.IndexFunc(t.Beside.Hops, func(h Hop) bool { return h.TTL > s.last.TTL && h.Said != SaidNothing })
		if i < 0 {
			return 0, false
		}
		if ttl = t.Beside.Hops[i].TTL; t.Beside.Hops[i].Said.ends() {
			ttl--
		}
	}
	return min(max(ttl, s.end), FarthestHop), true
}

// meet asks for a port at the TTL of a known hop, and reports whether that hop answers.
func (g *Guide) meet(ctx context.Context, known Hop, to socket.Target) (Hop, bool) {
	turns := g.turnsAt(known.From[0], asksAtOnce)
	if turns.Acquire(ctx, 1) != nil {
		return Hop{}, false
	}
	defer turns.Release(1)
	a := g.Tracer.hop(ctx, to, known.TTL)
	return a.Hop, a.err == nil && a.Said == SaidExceeded && slices.ContainsFunc(a.From, known.isFrom)
}

// learn takes in the first trace of the area, if it is complete. The caller holds the turn.
func (m *mark) learn(t Trace) {
	if t.Path.Err == nil && !t.Path.Ended {
		m.known, m.stop = true, stopOf(t)
	}
}

// learnMore takes in another trace of the area: where it stops at the same distance, that
// adds its router to those that are known there.
func (m *mark) learnMore(ctx context.Context, t Trace) {
	if m.turn.Acquire(ctx, 1) != nil {
		return
	}
	defer m.turn.Release(1)
	last := stopOf(t).last
	if m.stop.last.TTL == last.TTL && !slices.ContainsFunc(last.From, m.stop.last.isFrom) {
		m.stop.last.From = slices.Concat(m.stop.last.From, last.From)
	}
}

func stopOf(t Trace) stop {
	s := stop{of: t.Path.Target}
	if t.Shared != nil {
		s.of = *t.Shared
	}
	for _, h := range t.Path.Hops {
		switch {
		case h.Said == SaidExceeded && len(h.From) > 0:
			s.last = h
		case h.Said.ends():
			s.end = h.TTL
		}
	}
	return s
}

func (g *Guide) mark(a area) *mark {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.marks == nil {
		g.marks = map[area]*mark{}
	}
	if g.marks[a] == nil {
		g.marks[a] = &mark{turn: semaphore.NewWeighted(1)}
	}
	return g.marks[a]
}

// turnsAt returns the turns of those who ask one router at the same time.
func (g *Guide) turnsAt(router netip.Addr, atOnce int64) *semaphore.Weighted {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.turns == nil {
		g.turns = map[netip.Addr]*semaphore.Weighted{}
	}
	if g.turns[router] == nil {
		g.turns[router] = semaphore.NewWeighted(atOnce)
	}
	return g.turns[router]
}
