// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"container/list"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"exreach/probe/far"
	"exreach/probe/socket"
	"exreach/probe/tape"
)

// maxDatagram is more than any UDP payload.
const maxDatagram = 64 << 10

// receive answers the datagrams of one port, one after the other: no answer waits for
// anything. It goes on after errors that are not the end, such as an ICMP message in
// answer to what was sent (Windows: WSAECONNRESET).
func (s *Server) receive(o *opening) {
	b := make([]byte, maxDatagram)
	for patience := (patience{}); ; {
		n, from, back, err := socket.Receive(o.udp, b)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			patience.wait(s.ctx)
		default:
			patience = patience.over()
			s.answer(o, &exchange{UDPConn: o.udp, first: b[:n], from: from, back: back, most: -1})
		}
	}
}

// answer answers one datagram.
func (s *Server) answer(o *opening, x *exchange) {
	f := s.flow(o, plainAddrPort(x.from))
	if f.turned != "" || s.hasTooMany(f) {
		return
	}
	s.ledger.answers(f.entry, true)
	defer s.ledger.answers(f.entry, false)
	defer s.survive(o)
	c := &conversation{Server: s, opening: o, entry: f.entry}
	most := 0
	if s.Guarded && !s.ledger.expects(f.from.Addr()) {
		x.most = len(x.first)
		most = max(1, x.most)
	}
	c.raw = f.tape.Record(x)
	_ = c.serve(c.raw, most)
}

// hasTooMany reports whether a source asks faster than its rate, and records it. The source
// may be forged, and then it is the one that the answers would flood.
func (s *Server) hasTooMany(f *flow) bool {
	source := f.from.Addr()
	if s.ledger.expects(source) || s.datagrams.passes(source) {
		return false
	}
	s.ledger.change(f.entry, func(a *far.Arrival) { a.Turned = byLimit })
	return true
}

// An exchange presents one datagram of a client, and the answer to it, as a connection:
// reading gives the datagram once, writing answers it.
type exchange struct {
	*net.UDPConn
	first []byte
	from  netip.AddrPort
	back  socket.Back
	read  bool
	most  int // bytes that may still be written; negative is no limit
}

// errLong says that an answer is longer than its question, and its source may be forged.
var errLong = errors.New("the answer is longer than the question")

func (e *exchange) Read(b []byte) (int, error) {
	if e.read {
		return 0, io.EOF
	}
	e.read = true
	return copy(b, e.first), nil
}

// Write is the one place that sends over UDP. It sends nothing that is longer than it may be.
func (e *exchange) Write(b []byte) (int, error) {
	if e.most >= 0 {
		if len(b) > e.most {
			return 0, errLong
		}
		e.most -= len(b)
	}
	return e.back.Answer(e.UDPConn, b, e.from)
}

func (e *exchange) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(e.from) }

// Close leaves the listener open: it serves the other clients.
func (e *exchange) Close() error { return nil }

// Bounds of the flows that go on.
const (
	flowIdle  = 30 * time.Second // without a datagram for so long it is over
	mostFlows = 1024             // of sources that are not expected
)

// A flow is the datagrams of one socket.
type flow struct {
	flowKey
	entry  *entry
	tape   *tape.Tape
	turned string
	last   time.Time // guarded by the flows
}

// A flowKey tells flows apart.
type flowKey struct {
	opening *opening
	from    netip.AddrPort
}

// flows are those that go on. The one longest silent is in front.
type flows struct {
	mu    sync.Mutex // guards all below
	open  map[flowKey]*list.Element
	order list.List // of *flow
}

func newFlows() *flows { return &flows{open: map[flowKey]*list.Element{}} }

// flow returns the flow that a datagram belongs to.
func (s *Server) flow(o *opening, from netip.AddrPort) *flow {
	f := s.flows
	f.mu.Lock()
	defer f.mu.Unlock()
	key := flowKey{o, from}
	place := f.open[key]
	if place == nil {
		if len(f.open) >= mostFlows {
			s.endFlow(f.order.Front())
		}
		why := ""
		if s.Allow != nil && !s.Allow(from.Addr()) {
			why = byAllow
		}
		e := s.begin(o, from, why)
		place = f.order.PushBack(&flow{flowKey: key, entry: e, tape: e.raw, turned: why})
		f.open[key] = place
	}
	it := place.Value.(*flow)
	it.last = time.Now()
	f.order.MoveToBack(place)
	s.ledger.change(it.entry, func(a *far.Arrival) { a.Times++ })
	return it
}

// endFlow ends a flow. The flows are locked.
func (s *Server) endFlow(place *list.Element) {
	it := s.flows.order.Remove(place).(*flow)
	delete(s.flows.open, it.flowKey)
	s.end(it.entry)
}

// endFlows ends the flows that were silent for so long.
func (s *Server) endFlows(idle time.Duration) {
	f := s.flows
	f.mu.Lock()
	defer f.mu.Unlock()
	for front := f.order.Front(); front != nil; front = f.order.Front() {
		if time.Since(front.Value.(*flow).last) < idle {
			return
		}
		s.endFlow(front)
	}
}
