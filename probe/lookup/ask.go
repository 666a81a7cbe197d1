// SPDX-License-Identifier: Apache-2.0

package lookup

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"exreach/probe/socket"
)

// The waits for an answer, after which the next server is asked, or the same one
// again. An answer that comes later than that is taken, too. In 15 s one server
// is asked eleven times: where a limit and chance take four of ten questions, one
// name of twenty thousand stays unknown.
const (
	firstDNSWait = 750 * time.Millisecond
	lastDNSWait  = 1500 * time.Millisecond
	tcpDNSWait   = 4 * time.Second
)

// jittered is a wait that differs from that of the next question, so questions that
// were lost together are not sent together again.
func jittered(wait time.Duration) time.Duration { return wait*3/4 + rand.N(wait/2) }

// hopeless is the round after which no server is asked again, if none of them
// could be asked at all: there is no network, or no name server runs.
const hopeless = 2

// An inquiry is one question on its way to an answer.
type inquiry struct {
	client *dnsClient
	q      dnsQuestion
	lines  []*dnsLine
	heard  chan dnsReply
	ctx    context.Context // ends with the inquiry
	wait   time.Duration   // for the next answer
	busy   sync.WaitGroup  // what reads from servers
}

// A dnsLine is the connection to one server, which is asked over it as often as
// needed.
type dnsLine struct {
	server *dnsServer
	conn   net.Conn  // nil before it is asked, and after it failed
	sent   time.Time // the last time
	failed bool      // it answered that without an address
	said   error     // what was wrong last; nil where it did not answer
}

// A dnsReply is what came of asking a server.
type dnsReply struct {
	line   *dnsLine
	conn   net.Conn
	answer dnsAnswer
	err    error
}

// ask asks one server after the other until one of them knows, or ctx ends. It also
// gives up when all of them have refused for half of the time, or at the first refusal
// of all where spare says that the answer is not needed.
func (c *dnsClient) ask(ctx context.Context, name string, kind dnsmessage.Type, spare *atomic.Bool) (dnsAnswer, error) {
	inner, stop := context.WithCancel(ctx)
	a := &inquiry{client: c, q: dnsQuestion{name, kind, uint16(rand.Uint32())}, heard: make(chan dnsReply), ctx: inner, wait: min(firstDNSWait, c.conf.wait)}
	defer a.hangUp(stop)
	patience := time.Now().Add(untilEnd(ctx) / 2)
	all := c.inOrder()
	withDead := false // the dead are asked, too
	for round := 0; ctx.Err() == nil; round++ {
		servers := all
		if !withDead {
			servers = living(all)
		}
		answer, answered, refused := a.round(servers)
		if withDead = refused || round%6 == 4; refused {
			if spare.Load() || time.Now().After(patience) || round == hopeless && !a.anyCode() {
				break
			}
			answer, answered = a.await(nil)
		}
		if answered {
			return answer, nil
		}
	}
	return dnsAnswer{}, a.failure()
}

// round asks each of the servers until one knows. It reports whether all of them
// refused, so none was waited for.
func (a *inquiry) round(servers []*dnsServer) (answer dnsAnswer, answered, refused bool) {
	refused = true
	for _, s := range servers {
		line := a.line(s)
		if !a.send(line) {
			continue
		}
		if answer, answered = a.await(line); answered {
			return answer, true, false
		}
		refused = refused && line.failed
	}
	return dnsAnswer{}, false, refused
}

// untilEnd is how much time ctx leaves.
func untilEnd(ctx context.Context) time.Duration {
	end, limited := ctx.Deadline()
	if !limited {
		return time.Hour
	}
	return time.Until(end)
}

func (a *inquiry) line(s *dnsServer) *dnsLine {
	for _, l := range a.lines {
		if l.server == s {
			return l
		}
	}
	l := &dnsLine{server: s}
	a.lines = append(a.lines, l)
	return l
}

// send asks a server once more, and reports whether that was possible.
func (a *inquiry) send(l *dnsLine) bool {
	if a.client.pace.wait(a.ctx) != nil {
		return false
	}
	l.failed, l.sent = false, time.Now()
	if a.client.conf.tcp {
		a.busy.Go(func() { a.overTCP(l) })
		return true
	}
	message, err := a.q.pack()
	if err == nil && l.conn == nil {
		if l.conn, err = a.client.dial(a.ctx, "udp", l.server.addr.String()); err == nil {
			conn := l.conn
			a.busy.Go(func() { a.listen(l, conn) })
		}
	}
	if err == nil {
		_, err = l.conn.Write(message)
	}
	if err != nil {
		a.fail(dnsReply{line: l, conn: l.conn, err: err})
	}
	return err == nil
}

// listen takes what comes from a server until the inquiry is over.
func (a *inquiry) listen(l *dnsLine, conn net.Conn) {
	b := make([]byte, 4096) // no server sends more than 512 bytes unless the client offers more
	fetching := false       // the rest of an answer
	for {
		n, err := conn.Read(b)
		if errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		if err != nil {
			a.report(dnsReply{line: l, conn: conn, err: err})
			return
		}
		answer, err := a.q.read(b[:n])
		switch {
		case errors.Is(err, errStrayDNS):
			continue
		case !errors.Is(err, errDNSCut):
			a.report(dnsReply{line: l, answer: answer, err: err})
		case !fetching:
			fetching = true
			a.busy.Go(func() { a.whole(l, answer) })
		}
	}
}

// whole asks for an answer again over TCP that did not fit into a datagram.
// Where it does not answer there, part of the addresses is better than none.
func (a *inquiry) whole(l *dnsLine, part dnsAnswer) {
	answer, err := a.exchangeTCP(l)
	switch {
	case err != nil && len(part.addrs) > 0:
		answer, err = part, nil
	case err != nil && !errors.As(err, new(*rcodeError)):
		err = &cutDNSError{err}
	}
	a.report(dnsReply{line: l, answer: answer, err: err})
}

func (a *inquiry) overTCP(l *dnsLine) {
	answer, err := a.exchangeTCP(l)
	a.report(dnsReply{line: l, answer: answer, err: err})
}

func (a *inquiry) exchangeTCP(l *dnsLine) (dnsAnswer, error) {
	ctx, stop := context.WithTimeout(a.ctx, tcpDNSWait)
	defer stop()
	conn, err := a.client.dial(ctx, "tcp", l.server.addr.String())
	if err != nil {
		return dnsAnswer{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	return a.q.overTCP(conn)
}

// report hands on what came, unless the inquiry is over.
func (a *inquiry) report(r dnsReply) {
	select {
	case a.heard <- r:
	case <-a.ctx.Done():
	}
}

// await waits for an answer from any server. It ends without one when the time
// is over, and when the server that was asked last says that it does not know.
func (a *inquiry) await(last *dnsLine) (dnsAnswer, bool) {
	timer := time.NewTimer(jittered(a.wait))
	defer timer.Stop()
	for {
		select {
		case r := <-a.heard:
			if r.err == nil {
				a.learn(r.line, true)
				r.answer.by = r.line.server.addr.Addr()
				return r.answer, true
			}
			a.fail(r)
			if r.line == last {
				return dnsAnswer{}, false
			}
		case <-timer.C:
			if last != nil {
				a.learn(last, false)
			}
			a.wait = min(a.wait+a.wait*3/10, lastDNSWait, a.client.conf.wait)
			return dnsAnswer{}, false
		case <-a.ctx.Done():
			return dnsAnswer{}, false
		}
	}
}

// learn tells the client what it may learn from a question.
func (a *inquiry) learn(l *dnsLine, answered bool) {
	if answered {
		l.server.hear(a.q.kind, true)
		a.client.pace.hear(l.sent, true)
	} else if l.server.unanswered(l.sent, a.q.kind) {
		a.client.pace.hear(l.sent, false)
	}
}

// fail takes note that a server does not know, or cannot be asked.
func (a *inquiry) fail(r dnsReply) {
	r.line.failed, r.line.said = true, r.err
	if r.conn != nil && r.conn == r.line.conn {
		_ = r.conn.Close()
		r.line.conn = nil
	}
	if code := (*rcodeError)(nil); errors.As(r.err, &code) {
		r.line.server.hear(a.q.kind, false)
		if r.line.server.answers(a.q.kind) {
			a.client.pace.hear(r.line.sent, false) // some answer REFUSED or SERVFAIL to clients that ask too often
		}
	}
}

// anyCode reports whether some server may yet answer: it was heard, or is only silent.
func (a *inquiry) anyCode() bool {
	return slices.ContainsFunc(a.lines, func(l *dnsLine) bool {
		var code *rcodeError
		return l.said == nil || socket.IsTimeout(l.said) || errors.As(l.said, &code)
	})
}

// hangUp ends everything that is under way.
func (a *inquiry) hangUp(stop context.CancelFunc) {
	stop()
	defer a.busy.Wait()
	for _, l := range a.lines {
		if l.conn != nil {
			_ = l.conn.Close()
		}
	}
}
