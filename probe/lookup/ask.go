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

// The waits for an answer, after which ask goes on to the next server, or to the same
// one again; they grow from firstDNSWait to lastDNSWait. An answer that comes later is
// taken, too. In 15 s one server is asked eleven times: where a limit and chance take
// four of ten questions, one name of twenty thousand stays unknown.
const (
	firstDNSWait = 750 * time.Millisecond
	lastDNSWait  = 1500 * time.Millisecond
	tcpDNSWait   = 4 * time.Second // for one answer over TCP, connecting included
)

// jittered returns a random time from 3/4 to 5/4 of wait, so questions that were lost
// together are not sent together again.
func jittered(wait time.Duration) time.Duration { return wait*3/4 + rand.N(wait/2) }

// hopeless is the round after which ask gives up if it could ask no server at all:
// there is no network, or no name server runs.
const hopeless = 2

// An inquiry is one question on its way to an answer; each call of ask has its own.
type inquiry struct {
	client *dnsClient
	q      dnsQuestion
	lines  []*dnsLine
	heard  chan dnsReply
	ctx    context.Context // ends with the inquiry
	wait   time.Duration   // for the next answer
	busy   sync.WaitGroup  // the goroutines that read from servers
}

// A dnsLine is the connection to one server, which is asked over it as often as
// needed.
type dnsLine struct {
	server *dnsServer
	conn   net.Conn  // nil before it is asked, and after it failed
	sent   time.Time // the last time
	failed bool      // since then the server said that it does not know, or could not be asked
	said   error     // its last failure; nil where it was only silent
}

// A dnsReply is the answer of a server, or the error that came in its place.
type dnsReply struct {
	line   *dnsLine
	conn   net.Conn // the connection that failed; nil where none did
	answer dnsAnswer
	err    error
}

// ask asks one server after the other until one of them knows, or ctx ends. It gives up
// earlier if all of them refuse after half of the time is over, or once all of them
// refuse and spare says that nobody needs the answer.
func (c *dnsClient) ask(ctx context.Context, name string, kind dnsmessage.Type, spare *atomic.Bool) (dnsAnswer, error) {
	inner, stop := context.WithCancel(ctx)
	a := &inquiry{client: c, q: dnsQuestion{name, kind, uint16(rand.Uint32())}, heard: make(chan dnsReply), ctx: inner, wait: min(firstDNSWait, c.conf.wait)}
	defer a.hangUp(stop)
	patience := time.Now().Add(untilEnd(ctx) / 2)
	all := c.inOrder()
	withDead := false // this round asks the dead servers, too
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

// round asks each of the servers until one knows. refused says that all of them failed
// at once, so the round waited for none.
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

// untilEnd returns how much time ctx leaves; an hour where ctx has no deadline.
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
	fetching := false       // whole fetches an answer that was cut short
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

// whole asks again over TCP after an answer did not fit into a datagram. If that fails,
// it reports part, which the datagram held: some addresses are better than none.
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

// report hands a reply to await, unless the inquiry is over.
func (a *inquiry) report(r dnsReply) {
	select {
	case a.heard <- r:
	case <-a.ctx.Done():
	}
}

// await waits for an answer from any server. It gives up when its time is over, or when
// last, the server asked just now, fails. With a nil last it always waits its time out.
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

// learn records whether a server answered a question. The pace counts a question as
// lost only if the server answers such questions at other times.
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
			a.client.pace.hear(r.line.sent, false) // some servers answer REFUSED or SERVFAIL to clients that ask too often
		}
	}
}

// anyCode reports whether some server may yet answer: it sent an error code, or is only
// silent.
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
