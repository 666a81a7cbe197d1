// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"exreach/catalog"
	"exreach/probe/gauge"
	"exreach/probe/socket"
)

// A connecting reaches one TCP port for a conversation. When an answer is overdue it
// tries afresh, from another source port, and does not wait for the system to send the
// SYN again; the first answer wins. A try without an answer counts only where the address
// answered something else at that time: a path that is down says nothing about the port.
type connecting struct {
	*asking
	rank  witnessRank // how good a witness the port is, should it accept
	alone bool        // the port is asked again, while the host is quiet

	sent        int           // tries
	first, last time.Time     // when the first and the last of them were sent
	wait        time.Duration // how long the answer to the last one may take
	unsent      bool          // the last one never left this machine
	counted     int           // tries that count
	calm        int           // those of them sent while few connections to the host were open
	underway    []*try        // tries that are not over, the oldest first
	ended       chan *try     // each try comes here when it is over
}

// A try is one connect: one SYN.
type try struct {
	number  int // from 0
	sent    time.Time
	stop    context.CancelFunc
	release func() // gives its slot back; nil where the slot is the conversation's own, or a later try has it
	conn    net.Conn
	err     error
}

var errNoAnswer = &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}

// connectTCP connects to the port, and returns how many tries that took. It ends with
// ctx, and when it is certain that nothing answers.
func (a *asking) connectTCP(ctx context.Context) (net.Conn, int, error) {
	k := &connecting{asking: a, rank: accepts, alone: a.door.doubtful.Load(), ended: make(chan *try)}
	if a.check.Service.HTTP != nil {
		k.rank = acceptsWeb
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	winner, err := k.connect(ctx)
	stop()
	late := k.clear()
	if winner == nil && late != nil && errors.Is(err, errNoAnswer) {
		winner, late = late, nil
	}
	if late != nil && late.conn != nil {
		_ = late.conn.Close()
	}
	if winner == nil {
		return nil, k.sent, err
	}
	return winner.conn, k.sent, winner.err
}

// connect sends tries until one of them is answered or enough of them are not.
func (k *connecting) connect(ctx context.Context) (*try, error) {
	next := time.NewTimer(atOnce) // the first try is paid for: see mayConnect
	defer next.Stop()
	due := true // the next try is due when the timer fires; otherwise the last one may be overdue
	var w witness
	firstHeard := k.path.firstHeard
	for {
		select {
		case t := <-k.ended:
			if k.settles(t) {
				return t, nil
			}
		case <-firstHeard: // from now on there is an estimate of how long an answer takes
			if firstHeard = nil; !due {
				next.Reset(max(atOnce, time.Until(k.last.Add(k.path.look()))))
			}
		case <-next.C:
			switch {
			case due:
				due = false
				k.send(ctx, w)
				next.Reset(k.path.look())
			case !k.overdue():
				next.Reset(max(atOnce, time.Until(k.last.Add(k.wait))))
			case k.isEnough():
				return nil, &socket.Error{Err: errNoAnswer}
			default:
				var delay time.Duration
				due = true
				w, delay = k.prepare()
				next.Reset(delay)
			}
		case <-ctx.Done():
			return nil, &socket.Error{Err: ctx.Err()}
		}
	}
}

// overdue reports whether the last try should have been answered by now, and
// counts it if so.
func (k *connecting) overdue() bool {
	k.wait = k.path.wait()
	if time.Since(k.last) < k.wait {
		return false
	}
	if k.unsent {
		return true
	}
	if k.path.lived(k.last.Add(-lapse(k.wait))) || k.run.pool.Tries > 0 {
		k.counted++
		if !k.host.crowd.wasPacked(k.last) {
			k.calm++
		}
	}
	k.path.unanswered(k.last)
	return true
}

// leastTries is how many tries a host must have left unanswered before it is given up,
// however long they took: this program may have been stopped meanwhile.
const leastTries = 3

// isEnough reports whether the tries without an answer prove that none will come.
func (k *connecting) isEnough() bool {
	if time.Since(k.first) < k.run.refusal {
		return false
	}
	if k.alone && k.sent >= leastTries {
		return true // the port was asked at length before
	}
	return k.counted >= orDefault(k.run.pool.Tries, k.path.enough()) && k.isCalm() || k.sent >= leastTries && k.isDead()
}

// isDead reports whether the address has been silent for as long as a host may be.
// The time in which this program stood still does not count.
func (k *connecting) isDead() bool {
	patience := k.run.timeouts.Connect
	return k.run.still.awake(patience) >= patience && k.path.dead(patience)
}

// leastCalm is how many tries must have been sent while the host was quiet, on a path
// that loses many tries: a limit of connections per source may be what drops them.
const leastCalm = 2

// isCalm reports whether it is certain that the other connections to the host do not
// keep the port from answering.
func (k *connecting) isCalm() bool {
	return k.calm >= leastCalm || k.run.pool.Tries > 0 || !k.path.isSuspect()
}

// prepare chooses the witness to ask beside the next try, where one is needed, and
// returns how long to wait before the two may be sent.
func (k *connecting) prepare() (w witness, delay time.Duration) {
	n := 1
	if w = k.path.call(k.wait); w.addr.IsValid() {
		n++
	}
	return w, k.pace(n)
}

// send begins another try.
func (k *connecting) send(ctx context.Context, w witness) {
	ctx, stop := context.WithCancel(ctx)
	t := &try{number: k.sent, sent: time.Now(), stop: stop}
	if k.last = t.sent; k.sent == 0 {
		k.first = t.sent
	}
	k.sent, k.unsent = k.sent+1, false
	if w.addr.IsValid() {
		run, path, wait := k.run, k.path, k.wait
		run.background.Go(func() { run.askWitness(path, w, wait) })
	}
	t.release = k.room(t)
	k.underway = append(k.underway, t)
	go func() {
		t.conn, t.err = k.run.dial(ctx, catalog.TCP, k.to)
		k.ended <- t
	}()
}

// room makes room for a try within the limit of all runs. The first try has the
// conversation's own slot. A further one takes a free slot, or else stops the oldest try
// and takes over its slot.
func (k *connecting) room(t *try) (release func()) {
	if t.number == 0 {
		return nil
	}
	if release = k.spareConnect(); release != nil {
		return release
	}
	if len(k.underway) > 0 {
		oldest := k.underway[0]
		oldest.stop()
		release, oldest.release = oldest.release, nil
	}
	return release
}

// settles notes how a try ended, and reports whether that ends the connecting.
func (k *connecting) settles(t *try) bool {
	k.forget(t)
	if t.err = dialError(t.err); t.err != nil {
		k.wiretap.Missed(t.sent, t.err)
	}
	switch {
	case t.err == nil:
		k.hear(t, k.rank)
	case obstacleOf(t.err).mayPass():
		k.unsent = t.number == k.sent-1
		return len(k.underway) == 0
	case socket.IsTimeout(t.err) || socket.CauseOf(t.err) == socket.TimedOut || errors.Is(t.err, context.Canceled):
		return false // the system gave up, or another try needed the room
	case icmpOf(t.err) == socket.ICMPNone && socket.CauseOf(t.err) == socket.Refused:
		k.hear(t, refuses)
	}
	return true
}

func (k *connecting) hear(t *try, rank witnessRank) {
	k.path.hear(witness{k.to, rank}, t.sent, t.number)
}

// forget gives back what a try held that is over.
func (k *connecting) forget(t *try) {
	t.stop()
	if t.release != nil {
		t.release()
	}
	k.underway = slices.DeleteFunc(k.underway, func(o *try) bool { return o == t })
}

// clear waits for the tries that were stopped. It returns one that was answered all the
// same, if any: its answer may have come unnoticed, because the machine was busy or
// asleep. The caller owns its connection.
func (k *connecting) clear() (late *try) {
	for len(k.underway) > 0 {
		switch t := <-k.ended; {
		case k.settles(t) && late == nil && !obstacleOf(t.err).mayPass():
			late = t
		case t.conn != nil:
			_ = t.conn.Close()
		}
	}
	return late
}

// dialError marks an error as one of connecting.
func dialError(err error) error {
	if err == nil || errors.As(err, new(*socket.Error)) {
		return err
	}
	return &socket.Error{Err: err}
}

// icmpOf returns what the ICMP message said that ended a connect; ICMPNone without one.
func icmpOf(err error) socket.ICMP {
	var dial *socket.Error
	if !errors.As(err, &dial) {
		return socket.ICMPNone
	}
	return dial.ICMP
}

// untilGivenUp returns, for the gauge, for how long a port at which nothing answers will
// most likely be tried.
func (c *conversation) untilGivenUp(began time.Time) func() gauge.Wait {
	alone, limit := c.door.doubtful.Load(), c.left
	return func() gauge.Wait {
		tries := orDefault(c.run.pool.Tries, c.path.enough())
		if alone {
			tries = min(tries, leastTries)
		}
		wait, tried := c.path.wait(), time.Since(began)
		patience := time.Duration(tries) * wait
		if !c.path.hasLived() {
			patience = c.run.timeouts.Connect
		}
		return gauge.Wait{Left: min(max(patience-tried, wait), limit-tried), Overdue: tried > 2*wait, ForAll: true}
	}
}
