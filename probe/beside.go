// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/secure"
)

// converse makes an attempt. Where a peer that has connected says nothing for
// longer than it should, another attempt is made beside the first, on a
// connection of its own, and the first proof wins: after a few lost segments in a
// row TCP waits for seconds, and a server that never got the end of the handshake
// for the next SYN-ACK (RFC 6298 section 5, RFC 9293 section 3.8.1).
func (r *run) converse(ctx context.Context, h *host, d *door, c catalog.Check, at netip.AddrPort, left time.Duration) *attempt {
	first := r.newAttempt(h, d, at, left)
	if !r.mayTalkTwice(c) {
		first.make(ctx, r, c)
		return first
	}
	ofFirst, stopFirst := context.WithCancel(ctx)
	defer stopFirst()
	ofSecond, stopSecond := context.WithCancel(ctx)
	defer stopSecond()
	done := make(chan struct{})
	beside := make(chan *attempt, 1)
	go func() {
		defer close(beside)
		if rest, overdue := first.awaitOverdue(done); overdue {
			second := r.newAttempt(h, d, at, rest)
			if second.hello == secure.UsualHello {
				second.hello = secure.OtherHello // what is overdue may be the answer to a hello of that size
			}
			second.make(ofSecond, r, c)
			if second.proves() {
				if !h.path(at.Addr()).loses() {
					first.hearOut(done)
				}
				stopFirst()
			}
			beside <- second
		}
	}()
	first.make(ofFirst, r, c)
	close(done)
	rest := time.NewTimer(max(atOnce, first.leaves()))
	defer rest.Stop()
	var second *attempt
	select {
	case second = <-beside:
	case <-rest.C:
		stopSecond()
		second = <-beside
	}
	if second == nil {
		return first
	}
	if second.provesSize(first) && r.confirmsSize(ctx, second, c) {
		second.tls.Hello, second.tls.HelloFailed = second.helloSize, first.helloSize
		d.greetWith(second.hello, second.tls)
	}
	return better(first, second)
}

// proves reports whether an attempt has its answer. A refusal may be of the second
// connection alone.
func (a *attempt) proves() bool { return a.err == nil && a.peer.Refusal == "" }

// leaves is how much time an attempt that is over leaves to the other one: what is
// left of the check's time where it proved nothing.
func (a *attempt) leaves() time.Duration {
	line := a.line.Load()
	if v := classify(a.err, a.step(), false).verdict; line == nil || v != Silent && v != Cut {
		return 0
	}
	return time.Until(line.limit)
}

// mayTalkTwice reports whether a check may be asked on two connections at once:
// not one that may log in, because a refused password would count twice, and not
// where few connections are wanted. A datagram is sent again as it is.
func (r *run) mayTalkTwice(c catalog.Check) bool {
	return c.Service.Network == catalog.TCP && !r.pool.Gentle && r.pool.Tries == 0 && r.pool.Credentials == nil
}

// overdueAfter is how many times an answer may take what is waited for a SYN-ACK
// before the peer is overdue: services think, and TCP mends most losses by then.
const overdueAfter = 3

// awaitOverdue waits until the peer is overdue, and returns how much is left then
// of the check's time. It reports whether that was before done.
func (a *attempt) awaitOverdue(done <-chan struct{}) (rest time.Duration, overdue bool) {
	timer := time.NewTimer(firstWait)
	defer timer.Stop()
	for {
		select {
		case <-done:
			return 0, false
		case <-timer.C:
		}
		allowed := max(firstWait, overdueAfter*a.host.path(a.to.Addr()).wait())
		line := a.line.Load()
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

// better is the attempt of two that proves more: if both do, the second, for whose
// sake the first may have been ended half way. The tries are those of both.
func better(first, second *attempt) *attempt {
	spent := max(first.spent, first.left-second.left+second.spent)
	tries := first.tries + second.tries
	winner := first
	if second.proves() || first.err != nil && second.err == nil {
		winner = second
	}
	winner.spent, winner.tries = spent, tries
	return winner
}
