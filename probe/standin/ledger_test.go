// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/socket/census"
)

func comes(l *ledger, source netip.Addr, port uint16) far.Arrival {
	e, _ := l.begin(far.Arrival{Network: catalog.TCP, Port: 25, From: netip.AddrPortFrom(source, port), At: time.Now()})
	a, _ := l.end(e)
	return a
}

// TestBounds: a source that comes ten thousand times, and ten thousand sources, cost no
// more than the ledger keeps, what was dropped is counted, and nothing of it drops what an
// expected source sent.
func TestBounds(t *testing.T) {
	l := newLedger()
	caller, flooder := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	l.expect(caller, "token")
	for i := range 300 {
		comes(l, caller, uint16(i))
	}
	for i := range 10000 {
		comes(l, flooder, uint16(i))
	}
	if all, more := l.of(flooder, ""); len(all) != mostOfStranger || more != 10000-mostOfStranger || all[len(all)-1].From.Port() != 9999 {
		t.Errorf("%d arrivals of one source are kept and %d counted", len(all), more)
	}
	for i := range 10000 {
		comes(l, netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 10<<24+uint32(i)))), 1)
	}
	all, more := l.all()
	if len(all) != mostOfAll+300 || len(all)+more != 20300 || len(l.shelves) > mostOfAll+1 {
		t.Errorf("%d arrivals of %d sources are kept and %d counted", len(all), len(l.shelves), more)
	}
	if mine, more := l.of(caller, "token"); len(mine) != 300 || more != 0 {
		t.Errorf("%d of the caller are kept and %d counted", len(mine), more)
	}
	l.forget(caller, "token")
	for i := range 10000 {
		comes(l, caller, uint16(i))
	}
	if all, more := l.all(); len(all) > mostOfAll || len(all)+more != 30300 || len(l.waiting)+len(l.active) > 0 {
		t.Errorf("%d arrivals are kept and %d counted", len(all), more)
	}
}

// TestDoorForgets: sources that are gone take no memory.
func TestDoorForgets(t *testing.T) {
	d := newDoor(Limits{PerSource: 1, Rate: 1e6, Burst: 2})
	for i := range 100000 {
		leave, ok := d.enter(netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(i)))), false)
		if !ok {
			t.Fatal("turned away")
		}
		leave()
	}
	if len(d.guests) > 4*fewGuests {
		t.Errorf("remembers %d sources", len(d.guests))
	}
	network := func(i byte) netip.Addr {
		return netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: i})
	}
	if _, ok := d.enter(network(1), false); !ok {
		t.Error("turned away")
	}
	if _, ok := d.enter(network(2), false); ok {
		t.Error("let two of one IPv6 network in")
	}
}

// TestHalfOpen: a connection that stays half-open is an arrival, one that is completed is
// no half-open one, and one that is only on its way is not counted twice.
func TestHalfOpen(t *testing.T) {
	l := lookoutOver(t, far.Open)
	lost, late, quick := end(1), end(2), end(3)
	l.sees(census.SynReceived, lost, late, quick)
	l.accept(quick)
	l.sees(census.SynReceived, lost, late)
	if all := l.arrivals(); len(all) != 3 || !all[lost].HalfOpen || !all[late].HalfOpen || all[quick].HalfOpen {
		t.Errorf("arrived %+v", all)
	}
	l.accept(late)
	l.sees(census.SynReceived, lost)
	l.sees(census.SynReceived)
	if all := l.arrivals(); len(all) != 3 || !all[lost].HalfOpen || all[late].HalfOpen {
		t.Errorf("arrived %+v", all)
	}
	if len(l.known)+len(l.ledger.waiting) > 0 {
		t.Error("remembers what is gone")
	}
}

// TestHalfOpenAtTheEnd: one look tells at the end, where a checker gave up in less than the
// time between two looks.
func TestHalfOpenAtTheEnd(t *testing.T) {
	l := lookoutOver(t, far.Open)
	lost, accepted := end(1), end(2)
	l.sees(census.SynReceived, accepted)
	l.accept(accepted)
	l.last = true
	l.sees(census.SynReceived, lost)
	if all := l.arrivals(); len(all) != 2 || !all[lost].HalfOpen || all[accepted].HalfOpen {
		t.Errorf("arrived %+v", all)
	}
}

// TestHeldArrivals: what arrives at the port of another program is told as that; what was
// there before, or is at a port of no opening, is not.
func TestHeldArrivals(t *testing.T) {
	l := lookoutOver(t, far.Held)
	before, after := end(1), end(2)
	l.sees(census.Established, before)
	l.sees(census.Established, before, after)
	l.all = append(l.all, census.Link{Local: netip.MustParseAddrPort("127.0.0.1:26"), Remote: end(3), State: census.Established})
	if err := l.look(); err != nil {
		t.Fatal(err)
	}
	if all := l.arrivals(); len(all) != 1 || !all[after].Held || all[after].HalfOpen {
		t.Errorf("arrived %+v", all)
	}
}

func end(n uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), n)
}

// An observed is a lookout of port 25 over connections that a test makes up.
type observed struct {
	*lookout
	all []census.Link
}

func lookoutOver(t *testing.T, state far.State) *observed {
	t.Helper()
	at := netip.MustParseAddrPort("127.0.0.1:25")
	o := &observed{}
	s := &Server{ledger: newLedger(), openings: []*opening{{
		real: at, Opening: far.Opening{Network: catalog.TCP, Port: 25, State: state},
	}}}
	s.links = func(func(uint16) bool) ([]census.Link, error) { return o.all, nil }
	o.lookout = &lookout{Server: s, known: map[pair]*sighting{}}
	return o
}

// sees looks while these connections are there.
func (o *observed) sees(state census.State, remotes ...netip.AddrPort) {
	o.all = nil
	for _, r := range remotes {
		o.all = append(o.all, census.Link{Local: netip.MustParseAddrPort("127.0.0.1:25"), Remote: r, State: state})
	}
	_ = o.look()
}

// TestLastLook: what is half-open when a server ends is recorded, though it is seen once only.
func TestLastLook(t *testing.T) {
	o, caller := lookoutOver(t, far.Open), netip.MustParseAddrPort("192.0.2.1:40001")
	o.Guarded, o.Limits = true, GuardedLimits()
	o.flows = newFlows()
	ctx, end := context.WithCancel(t.Context())
	o.ctx = ctx
	looks := 0
	o.links = func(func(uint16) bool) ([]census.Link, error) {
		looks++
		end()
		if looks == 1 {
			return nil, nil
		}
		return []census.Link{{Local: netip.MustParseAddrPort("127.0.0.1:25"), Remote: caller, State: census.SynReceived}}, nil
	}
	o.tend()
	if a := o.arrivals()[caller]; !a.HalfOpen || looks != 2 {
		t.Errorf("after %d looks the record has %+v", looks, a)
	}
}

// accept holds a conversation with a client that says nothing.
func (o *observed) accept(from netip.AddrPort) { comes(o.ledger, from.Addr(), from.Port()) }

func (o *observed) arrivals() map[netip.AddrPort]far.Arrival {
	found := map[netip.AddrPort]far.Arrival{}
	all, _ := o.ledger.all()
	for _, a := range all {
		found[a.From] = a
	}
	return found
}

// TestHeads: the heads of expected sources have a bound, too.
func TestHeads(t *testing.T) {
	l, caller := newLedger(), netip.MustParseAddr("192.0.2.1")
	l.expect(caller, "")
	for i := range uint16(4000) {
		e, _ := l.begin(far.Arrival{From: netip.AddrPortFrom(caller, i)})
		conn := e.raw.Record(discard{})
		_, _ = conn.Write(make([]byte, 2*keptBytes))
		l.end(e)
	}
	all, _ := l.of(caller, "")
	kept := 0
	for _, a := range all {
		kept += len(a.Sent.Head)
		if a.Sent.Bytes != 2*keptBytes {
			t.Fatalf("counted %d bytes", a.Sent.Bytes)
		}
	}
	if kept > mostHeads || kept < mostHeads/2 || kept != l.heads {
		t.Errorf("%d bytes of heads are kept, counted as %d", kept, l.heads)
	}
}

// discard is a connection that takes everything.
type discard struct{ net.Conn }

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// BenchmarkConnections is how many conversations with a Guarded server one client can hold
// one after the other.
func BenchmarkConnections(b *testing.B) {
	tcp := catalog.Service{Name: "tcp", Protocol: "tcp", Network: catalog.TCP, Ports: catalog.Ports{First: 1, Last: 1}}
	s := &Server{Host: "mail01", Version: "2019", Guarded: true, Services: []catalog.Service{tcp}, Limits: Limits{Burst: 1 << 30}}
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var failed atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			conn, err := s.Dial(b.Context(), catalog.TCP, netip.AddrPortFrom(loopback(), 1))
			if err != nil {
				failed.Add(1)
				continue
			}
			_ = conn.Close()
		}
	})
	if n := failed.Load(); n > 0 {
		b.Errorf("%d of %d failed", n, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "conns/s")
}
