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

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// An attempt is one connection and the conversation on it.
type attempt struct {
	host  *host
	door  *door
	to    netip.AddrPort
	hello hello          // how it begins TLS
	mask  *protocol.Mask // hides the password in all that is kept; nil where there is none
	small bool           // it takes small segments only

	peer protocol.Peer
	tls  *shown
	err  error

	shaking    atomic.Bool // hands, for TLS
	helloSize  int         // of our hello; 0 where there was none
	helloHeard bool        // something came after it

	left  time.Duration // of the check's time
	spent time.Duration // of it
	tries int           // connects or datagrams

	delivery Delivery // of what was not answered in time

	hangUp  func()                // ends the connection
	line    atomic.Pointer[leash] // the connection, once there is one
	secured net.Conn              // the TLS connection, once there is one
	raw     *recorder             // the bytes on the wire
	words   *recorder             // the bytes of the conversation, behind implicit TLS
	hears   *recorder             // the layer that is talked over now: words, and TLS from where it begins in band
	before  int                   // what had come over it when the step began
	steps   []Timing
	since   time.Time
}

func (r *run) newAttempt(h *host, d *door, at netip.AddrPort, left time.Duration) *attempt {
	return &attempt{host: h, door: d, to: at, hello: d.hello(), mask: r.mask, left: left}
}

// make connects and lets the protocol speak. A panic in it becomes its error: one
// check never takes the others with it.
func (a *attempt) make(ctx context.Context, r *run, c catalog.Check) {
	defer func() {
		a.end()
		for _, s := range a.steps {
			a.spent += s.Took
		}
		if p := recover(); p != nil {
			a.err = &panicError{value: p, stack: debug.Stack()}
		}
	}()
	a.at(protocol.Connect)
	conn, err := a.open(ctx, r, c)
	if err != nil {
		a.err = err
		return
	}
	defer func() { a.hangUp() }()
	a.talk(ctx, r, conn, c)
	if isTimeout(a.err) {
		a.delivery = a.line.Load().delivery()
	}
	if a.secured != nil {
		_ = a.secured.Close() // says close_notify
	}
}

// open connects, for as long as ctx and the check's time allow. It waits for its
// turn to connect, and for its turn to talk before it gives up the former.
func (a *attempt) open(ctx context.Context, r *run, c catalog.Check) (*leash, error) {
	connected, err := a.turn(ctx, a.host.connects, r.connects)
	if err != nil {
		return nil, err
	}
	defer connected()
	if c.Service.Network == catalog.TCP {
		if err := a.pace(ctx, r); err != nil {
			return nil, err
		}
	}
	conn, err := a.connect(ctx, r, c)
	if err != nil {
		return nil, err
	}
	closed := a.came()
	done, err := a.turn(ctx, a.host.talks, r.talks)
	if err != nil {
		_ = conn.Close()
		closed()
		return nil, err
	}
	limit := a.left - a.passed()
	if c.Service.Network == catalog.UDP {
		limit = min(limit, r.timeouts.Connect)
	}
	leash := newLeash(conn, time.Now().Add(limit))
	a.line.Store(leash)
	stop := context.AfterFunc(ctx, leash.expire)
	a.hangUp = sync.OnceFunc(func() {
		stop()
		_ = leash.Close()
		closed()
		done()
	})
	return leash, nil
}

var errTurn = errors.New("it was not its turn")

// turn waits for a place in each of slots. The clock stands still meanwhile.
func (a *attempt) turn(ctx context.Context, slots ...*semaphore.Weighted) (release func(), err error) {
	start := time.Now()
	defer func() { a.since = a.since.Add(time.Since(start)) }()
	for i, s := range slots {
		if s.Acquire(ctx, 1) != nil {
			for _, s := range slots[:i] {
				s.Release(1)
			}
			return nil, errTurn
		}
	}
	return func() {
		for _, s := range slots {
			s.Release(1)
		}
	}, nil
}

// pace waits until a first connect may be sent. The clock stands still meanwhile:
// waiting behind other checks says nothing about the port. Only one check of the run
// waits at a time. Otherwise the second tries of some checks would queue behind the first
// tries of all the others.
func (a *attempt) pace(ctx context.Context, r *run) error {
	if r.pace == nil && a.host.pace == nil {
		return nil
	}
	start := time.Now()
	defer func() { a.since = a.since.Add(time.Since(start)) }()
	if !wait(ctx, pay(1, a.host.pace)) || r.first.Acquire(ctx, 1) != nil {
		return errTurn
	}
	defer r.first.Release(1)
	if !wait(ctx, pay(1, r.pace)) {
		return errTurn
	}
	return nil
}

// passed is how much time the steps have taken so far.
func (a *attempt) passed() time.Duration {
	passed := time.Since(a.since)
	for _, s := range a.steps {
		passed += s.Took
	}
	return passed
}

// connect reaches the port. A datagram is not sent before there is something to
// say.
func (a *attempt) connect(ctx context.Context, r *run, c catalog.Check) (conn net.Conn, err error) {
	ctx, stop := context.WithTimeout(ctx, a.left-a.passed())
	defer stop()
	a.tries = 1
	switch {
	case c.Service.Network == catalog.UDP:
		conn, err = r.dial(ctx, catalog.UDP, a.to)
	case a.small:
		conn, err = r.small(ctx, a.to)
	default:
		conn, a.tries, err = r.knock(ctx, a.host, a.door, c.Service, a.to)
	}
	var known *dialError
	if err != nil && !errors.As(err, &known) {
		err = &dialError{err: err}
	}
	return conn, err
}

// talk holds the conversation on an open connection.
func (a *attempt) talk(ctx context.Context, r *run, leash *leash, c catalog.Check) {
	a.raw = &recorder{Conn: leash}
	a.words, a.hears = a.raw, a.raw
	var conn net.Conn = a.raw
	starttls := func(plain net.Conn) (net.Conn, error) {
		meter := &helloMeter{Conn: plain}
		a.shaking.Store(true)
		secured, shown, err := handshake(meter, trimDot(c.Host), r.timeouts.TLS, leash, a.hello)
		a.shaking.Store(false)
		a.tls, a.helloSize, a.helloHeard = shown, meter.size, meter.heard
		if err != nil {
			return nil, err
		}
		a.secured = secured
		a.hears = &recorder{Conn: secured}
		return a.hears, nil
	}
	if c.Service.TLS.First() {
		a.at(protocol.TLS)
		_, err := starttls(conn)
		if c.Service.TLS == catalog.Mutual && a.tls != nil && a.tls.ClientCertificate {
			return // that the server asks for a certificate is the proof; without one nobody gets further
		}
		if err != nil {
			a.err = err
			return
		}
		a.words = a.hears
		conn = a.words
	}
	speak, ok := protocol.Table[c.Service.Protocol]
	if !ok {
		a.err = fmt.Errorf("%w %q", errNoConversation, c.Service.Protocol)
		return
	}
	q := protocol.Question{
		Host:       trimDot(c.Host),
		Service:    c.Service,
		Domain:     r.pool.Domain,
		Releases:   c.Releases,
		Interfaces: behind(c),
		At:         a.at,
		StartTLS:   starttls,
		Redial: func() (net.Conn, error) {
			a.hangUp() // there is never more than one connection
			return a.open(ctx, r, c)
		},
	}
	a.mayLogIn(ctx, r, c, &q)
	a.peer, a.err = speak.Ask(conn, q)
	if d, ok := leash.Conn.(*datagramConn); ok {
		a.tries = d.sent
	}
	if a.peer.Refusal != "" && classifyTalk(a.err).verdict == Cut {
		a.err = nil // it said no in its own protocol, and hanging up then is part of that
	}
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

// at begins a step and ends the one before it.
func (a *attempt) at(step protocol.Step) {
	a.end()
	a.steps = append(a.steps, Timing{Step: step})
	a.since = time.Now()
	a.before, _ = a.hears.heard()
}

// end stops the clock of the last step.
func (a *attempt) end() {
	if n := len(a.steps); n > 0 && a.steps[n-1].Took == 0 {
		a.steps[n-1].Took = time.Since(a.since)
	}
}

// step is the last one that was begun.
func (a *attempt) step() protocol.Step { return a.steps[len(a.steps)-1].Step }

// A panicError is a fault of exreach's own.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("a fault in exreach: %v", e.value) }
