// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/gauge"
	"exreach/probe/protocol"
	"exreach/probe/protocol/tls12"
	"exreach/probe/secure"
	"exreach/probe/socket"
)

// holdBeside holds a second conversation beside c. Once the second has its answer, it
// stops c; on a path without losses it hears c out first. done is closed when c is over.
func (c *conversation) holdBeside(ctx context.Context, left time.Duration, done <-chan struct{}, stopFirst func()) *conversation {
	second := c.newConversation(left)
	if second.hello == secure.UsualHello {
		second.hello = secure.OtherHello // what is overdue may be the answer to a hello of that size
	}
	second.hold(ctx)
	if second.proves() {
		if !c.path.loses() {
			c.hearOut(done)
		}
		stopFirst()
	}
	return second
}

// proves reports whether a conversation has its answer. A refusal is no answer:
// the server may mean the second connection alone.
func (c *conversation) proves() bool { return c.err == nil && c.peer.Refusal == "" }

// leaves returns how much time a conversation that is over leaves to the other one: the
// rest of the check's time where the peer was silent or hung up, otherwise none.
func (c *conversation) leaves() time.Duration {
	line := c.line.Load()
	if v := c.verdict(); line == nil || v != Silent && v != Cut {
		return 0
	}
	return time.Until(line.limit)
}

// mayTalkTwice reports whether a check may be asked on two connections at once. A check
// that may log in may not, because a refused password would count twice, nor may a check
// of a run that must open few connections. A check whose protocol is not known waits in
// silence on purpose. Over UDP a datagram is simply sent again.
func (a *asking) mayTalkTwice() bool {
	pool := a.run.pool
	return a.overTCP() && a.check.Service.Protocol != catalog.AnyProtocol && !a.run.shared.Gentle && pool.Tries == 0 && pool.Credentials == nil
}

// overdueAfter is how many times as long as a SYN-ACK (path.wait) an answer may take
// before it is overdue: services think, and by then TCP has mended most losses.
const overdueAfter = 3

// allowed returns how long the peer may be quiet before its answer is overdue.
func (c *conversation) allowed() time.Duration { return max(firstWait, overdueAfter*c.path.wait()) }

// awaitOverdue waits until the peer's answer is overdue, and returns how much of the
// check's time is left then. It reports false where done was closed first.
func (c *conversation) awaitOverdue(done <-chan struct{}) (rest time.Duration, overdue bool) {
	timer := time.NewTimer(firstWait)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return 0, false
		case <-timer.C:
		}
		allowed := c.allowed()
		line := c.line.Load()
		if line == nil { // it is connecting
			timer.Reset(allowed)
			continue
		}
		if quiet := line.quiet(); quiet < allowed {
			timer.Reset(max(atOnce, allowed-quiet))
			continue
		}
		return time.Until(line.limit), true
	}
}

// untilSilent returns, for the gauge, how long the peer may still say nothing. One that
// falls silent after the first step may be asked once more (askInSmall).
func (c *conversation) untilSilent() gauge.Wait {
	line, step := c.line.Load(), *c.at.Load()
	left, quiet := time.Until(line.limit), line.quiet()
	if step == protocol.TLS {
		left = min(left, c.run.timeouts.TLS-quiet)
	}
	if c.overTCP() && c.run.small != nil && step != protocol.Greet && !c.run.shared.Gentle && c.run.pool.Credentials == nil {
		left += smallTime
	}
	return gauge.Wait{Left: left, Overdue: quiet > c.allowed(), ForAll: step == protocol.TLS && c.check.Service.TLS.First()}
}

// better returns the conversation that proves more; if both prove something, the second,
// because holdBeside may have stopped the first half way. It gives it the tries of both.
func better(first, second *conversation) *conversation {
	spent := max(first.spent, first.left-second.left+second.spent)
	tries := first.tries + second.tries
	winner := first
	if second.proves() || first.err != nil && second.err == nil {
		winner = second
	}
	winner.spent, winner.tries = spent, tries
	return winner
}

// anew returns the hello that may bring a conversation further than its own did, and
// whether there is one: crypto/tls refused what the server sent, or the server found
// nothing it accepts in our hello (Schannel does not say so, but hangs up). Where the
// check may talk twice, holdBeside has already tried a hello of another size.
func (c *conversation) anew() (next secure.Hello, better bool) {
	var failed *secure.Error
	wanted := c.tls != nil && c.tls.ClientCertificate
	if c.hello == secure.TLS12Hello || wanted || !errors.As(c.err, &failed) || failed.After {
		return 0, false
	}
	switch f := secure.FailureOf(c.err); c.verdict() {
	case Silent:
		return secure.OtherHello, !c.mayTalkTwice() && c.hello == secure.UsualHello && !c.helloHeard
	case Cut:
		return secure.TLS12Hello, true
	case BadTLS:
		return secure.TLS12Hello, f.Cause == protocol.TLSBroken || f.Cause == protocol.TLSUnreadable || f.Alert == tls12.AlertHandshakeFailure || f.Alert == tls12.AlertInsufficient
	}
	return 0, false
}

// askAnew asks once more with another hello. Where that comes further, this door keeps
// to that hello.
func (q *inquiry) askAnew(ctx context.Context, with secure.Hello) {
	failed, c := q.last, q.newConversation(q.left)
	c.hello = with
	c.hold(ctx)
	q.left -= c.spent
	q.found.Tries += c.tries
	if c.secured == nil {
		return
	}
	refused := failed.verdict() == BadTLS // and not for the size
	if t := c.tls; !refused && t.Unreadable == "" && !t.DHE() && c.confirmsSize(ctx) {
		t.Hello, t.HelloFailed = c.helloSize, failed.helloSize
	}
	q.door.greetWith(c.hello, c.tls)
	q.record(ctx, c)
}

// helloPatience is how long a hello must go unanswered before its size is to blame: by
// then TCP has sent it four times.
const helloPatience = 3 * time.Second

// hearOut waits until a conversation is done, or its hello has gone unanswered for so
// long that no loss of packets explains it.
func (c *conversation) hearOut(done <-chan struct{}) {
	for c.shaking.Load() {
		rest := helloPatience - c.line.Load().quiet()
		if rest <= 0 {
			return
		}
		timer := time.NewTimer(rest)
		select {
		case <-done:
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// provesSize reports whether the peer answered the hello of c, but not that of first,
// which has another size. Old load balancers hang at a hello of 256 to 511 octets, which
// is why RFC 7685 was written.
func (c *conversation) provesSize(first *conversation) bool {
	return c.proves() && c.tls != nil && c.hello == secure.OtherHello && first.hello == secure.UsualHello && first.helloSize != c.helloSize &&
		first.step() == protocol.TLS && !first.helloHeard && socket.IsTimeout(first.err) && first.line.Load().quiet() >= helloPatience
}

// confirmsSize asks again, and reports whether the size of the hello decides every time.
// A frozen server among several behind a balancer hangs at every second or third
// connection, whatever the hello.
func (c *conversation) confirmsSize(ctx context.Context) bool {
	if c.run.pool.Credentials != nil {
		return false // that is no reason to log in again
	}
	for _, s := range c.steps {
		if s.Step == protocol.TLS && s.Took >= helloPatience {
			return false // it is slow, whatever the hello
		}
	}
	for _, h := range []secure.Hello{c.hello, secure.UsualHello, secure.UsualHello} {
		again := c.newConversation(helloPatience)
		again.hello = h
		again.hold(ctx)
		if (again.tls != nil) != (h == c.hello) {
			return false
		}
	}
	return true
}

// smallTime is how long a conversation in small segments may take.
const smallTime = 3 * time.Second

// A smallDial connects over TCP, and has the peer send small segments only.
type smallDial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)

// asksInSmall reports whether the peer may be silent because the path loses large
// packets, and whether the run may spend another connection on finding out.
func (q *inquiry) asksInSmall() bool {
	held := q.found.Silence != nil && q.found.Silence.Delivery == Held && q.found.Step != protocol.Greet
	return held && q.run.small != nil && q.run.pool.Credentials == nil && !q.run.shared.Gentle
}

// askInSmall asks a silent peer again, and has it answer in small packets only. If
// the peer answers then and only then, the path loses large packets: an answer in one
// large packet leaves no other trace when it is lost.
func (q *inquiry) askInSmall(ctx context.Context) {
	hold := func(small bool) (c *conversation, further bool) {
		c = q.newConversation(min(smallTime, q.run.timeouts.Check))
		c.small = small
		c.hold(ctx)
		q.left -= c.spent
		return c, c.proves() || c.tls != nil && q.found.Step == protocol.TLS // later, the handshake is nothing new
	}
	c, further := hold(true)
	if !further {
		q.found.Silence.InSmall = c.line.Load() != nil && socket.IsTimeout(c.err)
		return
	}
	// It may only have been slow the first time, or be one of several servers behind a
	// balancer, which asks them in turn.
	for range 2 {
		if c, further = hold(false); c.proves() {
			q.found.Peer = nil // the Peer of the silent conversation
			q.record(ctx, c)
			return
		}
		if further || !socket.IsTimeout(c.err) {
			return
		}
	}
	for range 2 {
		if _, further = hold(true); !further {
			return
		}
	}
	q.found.Silence.Delivery = AnswerLost
}
