// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"time"

	"exreach/catalog"
	"exreach/probe/secure"
)

// converse holds a conversation. Where a peer that has connected says nothing for
// longer than it should, another one is held beside the first, on a
// connection of its own, and the first proof wins: after a few lost segments in a
// row TCP waits for seconds, and a server that never got the end of the handshake
// for the next SYN-ACK (RFC 6298 section 5, RFC 9293 section 3.8.1).
func (a *asking) converse(ctx context.Context, left time.Duration) *conversation {
	first := a.newConversation(left)
	if !a.mayTalkTwice() {
		first.hold(ctx)
		return first
	}
	ofFirst, stopFirst := context.WithCancel(ctx)
	defer stopFirst()
	ofSecond, stopSecond := context.WithCancel(ctx)
	defer stopSecond()
	done := make(chan struct{})
	beside := make(chan *conversation, 1)
	go func() {
		defer close(beside)
		if rest, overdue := first.awaitOverdue(done); overdue {
			beside <- first.holdBeside(ofSecond, rest, done, stopFirst)
		}
	}()
	first.hold(ofFirst)
	close(done)
	rest := time.NewTimer(max(atOnce, first.leaves()))
	defer rest.Stop()
	var second *conversation
	select {
	case second = <-beside:
	case <-rest.C:
		stopSecond()
		second = <-beside
	}
	if second == nil {
		return first
	}
	if second.provesSize(first) && second.confirmsSize(ctx) {
		second.tls.Hello, second.tls.HelloFailed = second.helloSize, first.helloSize
		a.door.greetWith(second.hello, second.tls)
	}
	return better(first, second)
}

// holdBeside holds another conversation beside the first, which is stopped once this
// one has its answer.
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

// proves reports whether a conversation has its answer. A refusal may be of the second
// connection alone.
func (c *conversation) proves() bool { return c.err == nil && c.peer.Refusal == "" }

// leaves is how much time a conversation that is over leaves to the other one: what is
// left of the check's time where it proved nothing.
func (c *conversation) leaves() time.Duration {
	line := c.line.Load()
	if v := classify(c.err, c.step(), false).verdict; line == nil || v != Silent && v != Cut {
		return 0
	}
	return time.Until(line.limit)
}

// mayTalkTwice reports whether a check may be asked on two connections at once:
// not one that may log in, because a refused password would count twice, and not
// where few connections are wanted. A datagram is sent again as it is.
func (a *asking) mayTalkTwice() bool {
	pool := a.run.pool
	return a.check.Service.Network == catalog.TCP && !a.run.shared.Gentle && pool.Tries == 0 && pool.Credentials == nil
}

// overdueAfter is how many times an answer may take what is waited for a SYN-ACK
// before the peer is overdue: services think, and TCP mends most losses by then.
const overdueAfter = 3

// awaitOverdue waits until the peer is overdue, and returns how much is left then
// of the check's time. It reports whether that was before done.
func (c *conversation) awaitOverdue(done <-chan struct{}) (rest time.Duration, overdue bool) {
	timer := time.NewTimer(firstWait)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return 0, false
		case <-timer.C:
		}
		allowed := max(firstWait, overdueAfter*c.path.wait())
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

// better is the conversation of two that proves more: if both do, the second, for whose
// sake the first may have been ended half way. The tries are those of both.
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
