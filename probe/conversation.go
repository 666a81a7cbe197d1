// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"exreach/catalog"
	"exreach/probe/gauge"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/secure"
	"exreach/probe/socket"
)

// A conversation is one connection and what is said on it. A protocol that redials
// (question) goes on with another connection once the first is closed.
type conversation struct {
	*asking
	hello secure.Hello  // how it begins TLS
	small bool          // the peer may send small segments only
	left  time.Duration // what was left of the check's time when it began

	peer protocol.Peer
	tls  *secure.Shown
	err  error

	at         atomic.Pointer[protocol.Step] // the step that was begun last
	shaking    atomic.Bool                   // the TLS handshake is under way
	helloSize  int                           // of our hello; 0 where there was none
	helloHeard bool                          // something came after it

	spent time.Duration // how much of the check's time it took
	tries int           // connects or datagrams

	source netip.Addr // this machine's end of the connection; invalid where none came about

	delivery Delivery // what became of the last question, where no answer came in time

	hangUp  func()                   // ends the connection
	line    atomic.Pointer[leash]    // the connection, once there is one
	secured net.Conn                 // the TLS connection, once there is one
	taped   func(certificate string) // ends the tape of the connection
	onTape  net.Conn                 // the connection as its tape hears it
	raw     *recorder                // the bytes on the wire
	words   *recorder                // the bytes of the conversation: under TLS where that comes first, else raw
	hears   *recorder                // the layer that the conversation is on now: words, or TLS once it began in band
	before  int                      // how many bytes had come over hears when the step began
	steps   []Timing
	since   time.Time // when the last of them began
}

func (a *asking) newConversation(left time.Duration) *conversation {
	return &conversation{asking: a, hello: a.door.hello(), left: left}
}

// hold connects and lets the protocol speak. A panic becomes the conversation's error:
// one check never ends the others.
func (c *conversation) hold(ctx context.Context) {
	defer func() {
		c.endStep()
		for _, s := range c.steps {
			c.spent += s.Took
		}
		if p := recover(); p != nil {
			c.err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	c.beginStep(protocol.Connect)
	conn, err := c.open(ctx)
	if err != nil {
		c.err = err
		return
	}
	defer func() { c.hangUp() }()
	c.talk(ctx, conn)
	if socket.IsTimeout(c.err) {
		c.delivery = c.line.Load().delivery()
	}
	c.endStep()
	if c.run.pool.Linger > 0 {
		sleep(ctx, c.run.pool.Linger)
	}
	c.hearToTheEnd()
	if c.secured != nil {
		_ = c.secured.Close() // says close_notify
	}
}

// open connects, for as long as ctx and the check's time allow. It waits for its turn
// to connect, and keeps it until it has its turn to talk. hangUp ends the connection.
func (c *conversation) open(ctx context.Context) (*leash, error) {
	connected, err := c.mayConnect(ctx)
	if err != nil {
		return nil, err
	}
	defer connected()
	leave := c.row.Enter(gauge.Connecting, c.untilGivenUp(time.Now()))
	conn, err := c.connect(ctx)
	leave()
	if err != nil {
		return nil, err
	}
	c.source = socket.SourceOf(conn)
	closed := c.opened()
	done, err := c.mayTalk(ctx)
	if err != nil {
		_ = conn.Close()
		closed()
		c.beginStep(protocol.Greet) // the port accepted the connection
		return nil, err
	}
	limit := c.left - c.passed()
	if !c.overTCP() {
		limit = min(limit, c.run.timeouts.Connect)
	}
	leash := newLeash(conn, time.Now().Add(limit))
	c.line.Store(leash)
	stop, leave := context.AfterFunc(ctx, leash.expire), c.row.Enter(gauge.Talking, c.untilSilent)
	c.hangUp = sync.OnceFunc(func() {
		stop()
		leave()
		_ = leash.Close()
		c.endTape()
		closed()
		done()
	})
	return leash, nil
}

// opened notes that a connection is open. The caller calls closed once it is closed.
func (c *conversation) opened() (closed func()) {
	c.door.probed.letAll()
	over, gone := c.door.talk(), c.host.crowd.opened()
	return func() {
		gone()
		over(c.raw != nil && (c.err == nil || len(c.raw.head()) > 0))
	}
}

// connect reaches the port. Over UDP nothing is sent yet.
func (c *conversation) connect(ctx context.Context) (conn net.Conn, err error) {
	ctx, stop := context.WithTimeout(ctx, c.left-c.passed())
	defer stop()
	c.tries = 1
	switch {
	case !c.overTCP():
		conn, err = c.run.dial(ctx, catalog.UDP, c.to)
	case c.small:
		conn, err = c.run.small(ctx, c.to)
	default:
		conn, c.tries, err = c.connectTCP(ctx)
	}
	return conn, dialError(err)
}

// talk does the TLS handshake where that comes first, and lets the protocol speak. It
// leaves what it learned in c.peer and c.err.
func (c *conversation) talk(ctx context.Context, leash *leash) {
	c.raw = &recorder{Conn: c.record(leash)}
	c.words, c.hears = c.raw, c.raw
	var conn net.Conn = c.raw
	if service := c.check.Service; service.TLS.First() {
		c.beginStep(protocol.TLS)
		_, err := c.startTLS(conn)
		if service.TLS == catalog.Mutual && c.tls != nil && c.tls.ClientCertificate {
			return // that the server asks for a certificate is the proof, and without one there is no more to say
		}
		if err != nil {
			c.err = err
			return
		}
		c.words = c.hears
		conn = c.words
	}
	speak, ok := protocol.Table[c.check.Service.Protocol]
	if !ok {
		c.err = fmt.Errorf("%w %q", errNoConversation, c.check.Service.Protocol)
		return
	}
	c.peer, c.err = speak.Ask(conn, c.question(ctx))
	if d, ok := leash.Conn.(*socket.DatagramConn); ok {
		c.tries = d.Sent
	}
	if c.peer.Refusal != "" && classifyTalk(c.err).verdict == Cut {
		c.err = nil // the server said no in its own protocol, and to hang up then is part of that
	}
}

// question returns what the protocol is to find out, and what this conversation does for
// it meanwhile (Session).
func (c *conversation) question(ctx context.Context) protocol.Question {
	q := protocol.Question{
		Host:       lookup.TrimDot(c.check.Host),
		Service:    c.check.Service,
		Domain:     c.run.pool.Domain,
		Interfaces: behind(c.check),
		Releases:   c.check.Releases,
		Token:      c.run.pool.Token,
		Session: protocol.Session{At: c.beginStep, StartTLS: c.startTLS, Redial: func() (net.Conn, error) {
			c.hearToTheEnd()
			c.hangUp() // there is never more than one connection
			again, err := c.open(ctx)
			if err != nil {
				return nil, err
			}
			return c.record(again), nil
		}},
	}
	c.mayLogIn(ctx, &q)
	return q
}

// startTLS does the handshake on a plain connection, and returns the one to talk on.
func (c *conversation) startTLS(plain net.Conn) (net.Conn, error) {
	meter := &secure.Meter{Conn: plain}
	limit := c.run.timeouts.TLS
	if c.check.Service.Protocol == catalog.AnyProtocol { // TLS is a guess
		limit = min(limit, protocol.TrialTime)
	}
	c.shaking.Store(true)
	secured, shown, err := secure.Client{Host: lookup.TrimDot(c.check.Host), Hello: c.hello, Limit: limit, Line: c.line.Load()}.Handshake(meter)
	c.shaking.Store(false)
	c.tls, c.helloSize, c.helloHeard = shown, meter.Size, meter.Heard
	if err != nil {
		return nil, err
	}
	c.secured = secured
	c.hears = &recorder{Conn: c.untilHeard(secured)}
	return c.hears, nil
}

// errNoConversation is a mistake in the catalogue, or in exreach.
var errNoConversation = errors.New("there is no conversation called")

// behind lists the RPC interfaces that are wanted behind an endpoint mapper.
func behind(c catalog.Check) []catalog.Interface {
	var wanted []catalog.Interface
	for _, b := range c.Behind {
		wanted = append(wanted, *b.Service.RPC)
	}
	return wanted
}

// beginStep begins a step and ends the one before it.
func (c *conversation) beginStep(step protocol.Step) {
	c.endStep()
	c.steps = append(c.steps, Timing{Step: step})
	c.at.Store(&step)
	c.since = time.Now()
	c.before, _ = c.hears.heard()
}

// stopClock stops the clock of the step until start is called: waiting behind other
// checks says nothing about the port.
func (c *conversation) stopClock() (start func()) {
	stopped := time.Now()
	return func() { c.since = c.since.Add(time.Since(stopped)) }
}

// passed returns how much time the steps have taken so far.
func (c *conversation) passed() time.Duration {
	passed := time.Since(c.since)
	for _, s := range c.steps {
		passed += s.Took
	}
	return passed
}

// endStep stops the clock of the last step.
func (c *conversation) endStep() {
	if n := len(c.steps); n > 0 && c.steps[n-1].Took == 0 {
		c.steps[n-1].Took = time.Since(c.since)
	}
}

// step returns the step that was begun last.
func (c *conversation) step() protocol.Step { return c.steps[len(c.steps)-1].Step }

// A panicError is a fault of exreach's own.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("a fault in exreach: %v", e.value) }
