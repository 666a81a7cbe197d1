// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
)

// Why a source is turned away, as a record has it.
const (
	byAllow = "allow"
	byLimit = "limit"
)

// accept takes connections until the listener is closed. It goes on after any other
// error, such as one that says that descriptors are short.
func (s *Server) accept(o *opening) {
	for patience := (patience{}); ; {
		conn, err := o.tcp.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			patience.wait(s.ctx)
		default:
			patience = patience.over()
			s.take(conn.(*net.TCPConn), o)
		}
	}
}

// A patience is how long to wait after an error that may pass: twice as long each time.
type patience struct{ next time.Duration }

func (p *patience) wait(ctx context.Context) {
	p.next = min(max(2*p.next, 5*time.Millisecond), time.Second)
	select {
	case <-ctx.Done():
	case <-time.After(p.next):
	}
}

func (patience) over() patience { return patience{} }

// take begins a conversation, or turns the client away.
func (s *Server) take(conn *net.TCPConn, o *opening) {
	from := plainAddrPort(conn.RemoteAddr().(*net.TCPAddr).AddrPort())
	leave, why := s.enter(from.Addr())
	e := s.begin(o, from, why)
	if why != "" {
		if why == byLimit {
			_ = conn.SetLinger(0) // an RST: nothing of a flood stays in the system
		}
		_ = conn.Close()
		s.end(e)
		return
	}
	s.serving.Go(func() {
		defer leave()
		s.converse(conn, o, e)
	})
}

// enter lets a source in, or says why not.
func (s *Server) enter(source netip.Addr) (leave func(), why string) {
	if s.Allow != nil && !s.Allow(source) {
		return nil, byAllow
	}
	leave, ok := s.door.enter(source, s.ledger.expects(source))
	if !ok {
		return nil, byLimit
	}
	return leave, ""
}

// begin records that a connection came.
func (s *Server) begin(o *opening, from netip.AddrPort, turned string) *entry {
	e, came := s.ledger.begin(far.Arrival{Network: o.Network, Port: o.Port, From: from, At: time.Now().UTC(), Turned: turned})
	s.herald.tell(Came{came})
	return e
}

// end records that it is over.
func (s *Server) end(e *entry) {
	if told, was := s.ledger.end(e); was {
		s.herald.tell(Ended{told})
	}
}

// converse holds one conversation, to the end of what the client sends. A fault of ours
// ends this one only.
func (s *Server) converse(conn *net.TCPConn, o *opening, e *entry) {
	limits := s.door.limits
	c := &conversation{Server: s, opening: o, entry: e, leash: newLeash(conn, limits.Idle, limits.Whole)}
	defer s.end(e)
	defer conn.Close()
	defer context.AfterFunc(s.ctx, func() { _ = conn.Close() })()
	defer s.survive(o)
	c.raw = e.raw.Record(c.leash)
	_ = c.serve(c.raw, 0) // how a conversation ends is the client's to judge
	c.hearToTheEnd(conn)
}

// survive keeps a panic from ending more than its conversation.
func (s *Server) survive(o *opening) {
	if p := recover(); p != nil {
		s.herald.tell(Broke{o.Service, fmt.Errorf("a fault in exreach: %v\n%s", p, debug.Stack())})
	}
}

// A conversation is one connection of a client, or one datagram.
type conversation struct {
	*Server
	opening *opening
	entry   *entry
	leash   *leash    // nil over UDP
	raw     net.Conn  // what is on the wire, recorded
	peek    *peek     // nil where no contact can begin
	secured *tls.Conn // once TLS began
}

// Bounds of what is read after our last word.
const (
	farewell   = 2 * time.Second
	mostRest   = 1 << 20
	restAtOnce = 4 << 10
)

// hearToTheEnd says that we have no more to say, and reads what is left until the client
// hangs up: the records of both ends are equal only if it was read to its end.
func (c *conversation) hearToTheEnd(conn *net.TCPConn) {
	if c.secured != nil {
		_ = c.secured.CloseWrite() // says close_notify
	}
	_ = conn.CloseWrite() // fails after an RST, and what came before that is still to be read
	c.leash.stretch(0, farewell)
	rest := make([]byte, restAtOnce)
	for heard := 0; heard < mostRest; {
		n, err := c.raw.Read(rest)
		if heard += n; err != nil {
			return
		}
	}
}

// isTCP reports whether the conversation is over TCP.
func (c *conversation) isTCP() bool { return c.opening.Network == catalog.TCP }
