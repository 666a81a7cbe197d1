// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/gauge"
	"exreach/probe/protocol"
	"exreach/probe/socket"
	"exreach/probe/wiretap"
)

// An asking is one check at one address, from its first turn to its result. It has
// as many conversations as it takes to be certain, one after the other or two side
// by side; each conversation connects once, and to connect takes one or more tries
// (a SYN each; see connecting).
type asking struct {
	run   *run
	host  *host
	door  *door
	path  *path
	check catalog.Check
	to    netip.AddrPort
	row   *gauge.Row
	res   Result // what is known so far

	wiretap *wiretap.Wiretap // collects what was sent and received; nil unless Pool.Taped
}

func (h *host) newAsking(c catalog.Check, to netip.AddrPort, row *gauge.Row) *asking {
	a := &asking{run: h.run, host: h, door: h.door(to, c.Service), path: h.path(to.Addr()), check: c, to: to, row: row, wiretap: wiretapOf(h.run.pool)}
	a.row.To(to)
	a.res = a.unasked(Interrupted, beforeItsTurn)
	return a
}

// overTCP reports whether the check connects; it sends datagrams otherwise.
func (a *asking) overTCP() bool { return a.check.Service.Network == catalog.TCP }

// unasked returns the result of a check that could not be asked.
func (a *asking) unasked(why Obstacle, detail string) Result {
	return Result{Check: a.check, Address: a.to.Addr(), Port: a.to.Port(), Step: protocol.Connect, Verdict: Untried, Obstacle: why, Detail: detail}
}

// ask asks until the verdict is certain. The host adds its name and the order.
func (a *asking) ask(ctx context.Context) Result {
	defer func() { a.row.End(a.res.Verdict == TimedOut, a.res.RTT) }()
	if why := a.host.found.NoWay[a.to.Addr()]; why != socket.NoCause {
		return a.unasked(noWay(a.to.Addr(), why))
	}
	a.askInTurn(ctx)
	if a.check.IsControl() {
		a.askControlLast(ctx)
	}
	return a.res
}

// askInTurn waits for its turns, asks, and asks again where that may show more.
func (a *asking) askInTurn(ctx context.Context) {
	leave, err := a.awaitTurn(ctx)
	if err != nil {
		return
	}
	defer leave()
	if found := a.door.forAll.Load(); found != nil {
		a.res = *found
		a.res.Check = a.check
		return
	}
	a.askOnce(ctx)
	a.res.Wire = a.wiretap.Wire()
	hide(a.run.mask, &a.res)
	a.path.observeRow(a.res)
	if sameForAll(a.res) && !(a.res.Verdict == Cut && a.door.hasAnswered()) {
		found := a.res
		a.door.forAll.Store(&found)
	}
}

// askOnce asks a check, and asks it again alone where the result may be due to the run's
// other connections: a limit of connections per source turns away connects that would
// be welcome by themselves (xt_connlimit, "ct count" of nftables, MaxStartups).
func (a *asking) askOnce(ctx context.Context) {
	if a.host.crowd.isLimited() || a.door.doubtful.Load() {
		a.row.Again()
		if a.askAlone(ctx); a.res.Verdict == TimedOut || !a.inDoubt() {
			return
		}
	} else {
		company := a.host.crowd.join()
		a.res = a.findOut(ctx)
		if lonely := company.leave(); !a.isDoubtful(lonely) {
			return
		}
	}
	a.door.doubtful.Store(true)
	a.row.Again()
	a.again(ctx)
}

// hide takes the password out of a result, but leaves the check as it is: its words are
// the user's own and the catalogue's.
func hide(m *protocol.Mask, res *Result) {
	asked := res.Check
	res.Check = catalog.Check{}
	m.HideAll(res)
	res.Check = asked
}

// sameForAll reports whether every other check of the port will end like res,
// because it failed before it said anything of its own.
func sameForAll(res Result) bool {
	if res.Verdict == Untried {
		return false
	}
	return res.Step == protocol.Connect && res.Verdict != Answered ||
		res.Step == protocol.TLS && res.Verdict != Answered && res.Check.Service.TLS.First()
}

// An inquiry holds the conversations of an asking until the verdict is certain or the
// check's time is over. An asking that asks again makes another inquiry.
type inquiry struct {
	*asking
	found Result
	left  time.Duration // what is left of the check's time
	last  *conversation
}

// findOut makes an inquiry and returns what it found.
func (a *asking) findOut(ctx context.Context) Result {
	q := &inquiry{asking: a, found: a.unasked(Interrupted, ""), left: a.run.timeouts.Check}
	q.converse(ctx)
	q.askFurther(ctx)
	q.found.Took = a.run.timeouts.Check - q.left
	q.found.Source = a.sourceOf(q.found)
	if a.overTCP() {
		a.path.observe(&q.found)
	}
	if q.found.Verdict == TimedOut {
		q.found.Detail = noReply(q.found)
	}
	return q.found
}

// sourceOf returns the local address that a result was asked from. For a connect that came
// to nothing it is the one that the system connects from.
func (a *asking) sourceOf(found Result) netip.Addr {
	if found.Source.IsValid() || found.Tries == 0 || a.run.sources == nil {
		return found.Source
	}
	return a.run.sources(a.to.Addr())
}

// maxCuts is how often a peer must hang up before the verdict is Cut: busy servers hang
// up, too.
const maxCuts = 2

// converse holds conversations until one is certain.
func (q *inquiry) converse(ctx context.Context) {
	cuts, stills := 0, 0
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		before := q.run.still.times()
		q.last = q.holdOne(ctx)
		shortage := false
		if cuts == 0 || !q.last.cutAtOnce() { // otherwise the conversation before came further
			shortage = q.record(ctx, q.last)
		}
		q.found.Tries += q.last.tries
		if q.run.still.times() != before && !q.last.proves() && ctx.Err() == nil {
			if q.left = q.run.timeouts.Check; resume(ctx, &stills) {
				q.found.Peer = nil
				continue
			}
			q.found.Verdict, q.found.Obstacle, q.found.Detail = Untried, StoodStill, stoodStill
			return
		}
		q.left -= q.last.spent
		if q.found.Verdict == Cut {
			cuts++
		}
		if !shortage && (q.found.Verdict != Cut || cuts == maxCuts) || q.left <= 0 || ctx.Err() != nil {
			return
		}
		if shortage {
			pause = min(pause, q.left)
			if q.left -= pause; !sleep(ctx, pause) || q.left <= 0 {
				return
			}
		}
	}
}

// holdOne holds a conversation. Where a peer that has connected says nothing for
// longer than it should, holdOne holds a second one beside the first, on a connection
// of its own, and the first proof wins: after a few lost segments in a row TCP waits for
// seconds. So does a server that never got the end of TCP's handshake, until it sends its
// SYN-ACK again (RFC 6298 section 5, RFC 9293 section 3.8.1).
func (q *inquiry) holdOne(ctx context.Context) *conversation {
	first := q.newConversation(q.left)
	if !q.mayTalkTwice() {
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
		q.door.greetWith(second.hello, second.tls)
	}
	return better(first, second)
}

// askFurther asks once more in another way, where that may show more than the last
// conversation did.
func (q *inquiry) askFurther(ctx context.Context) {
	if next, better := q.last.anew(); better && q.left > 0 && ctx.Err() == nil {
		q.askAnew(ctx, next)
	}
	if q.asksInSmall() {
		q.askInSmall(ctx)
	}
}

// cutAtOnce reports whether the connection was reset as soon as it was open.
func (c *conversation) cutAtOnce() bool {
	return c.step() == protocol.Connect && c.verdict() == Cut
}
