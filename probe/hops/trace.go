// SPDX-License-Identifier: Apache-2.0

// Package hops walks to a port with growing hop limits and reports who answered at
// each distance. It knows no check and no result: the packages above decide which ports
// are worth a walk, and what its end means. Of the rooms of probe it may import
// probe/socket alone.
package hops

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"exreach/probe/socket"
)

// A Tracer finds out how far packets to a port come: it asks with hop limits of
// 1, 2, 3 and so on, and each router at which one runs out says so in an ICMP
// message. The zero value is ready to use. Only Linux hands these messages to
// an ordinary user: see socket.CanTrace.
type Tracer struct {
	Source  netip.Addr    // local address to ask from; the zero Addr leaves it to the system
	Answers int           // answers wanted of each hop, so several paths show; 0 is 1
	Timeout time.Duration // the most that one path may take; 0 is 20 s

	Ask AskFunc // nil is the system's; tests put a network of their own here
}

// An AskFunc asks a target once with a hop limit; a ttl of 0 is the system's own.
type AskFunc func(ctx context.Context, to socket.Target, ttl int) Reply

// A Trace is the path to a port, and for comparison the path to a port of the same
// address that answers. A Guide makes it, or a caller of Tracer.
type Trace struct {
	Path   Path
	Beside *Path          // nil where none was found or needed
	Shared *socket.Target // the port whose whole path was walked instead of this one's; nil where this one's was
}

// A Path is what came back from each distance on the way to a target.
type Path struct {
	socket.Target
	Hops  []Hop // those asked, none left out between them; an answer that ends the path is the last
	Ended bool  // ctx or the time ended before all was asked
	Err   error // why this machine could not ask; nil where it could
}

// A Hop is what came back from one distance.
type Hop struct {
	TTL  int
	Said Said
	From []netip.Addr  // who said it: several where packets take several paths, none where there was no answer
	Self bool          // it was this machine itself
	Took time.Duration // until the first answer
}

// isFrom reports whether an address is among those that answered.
func (h Hop) isFrom(a netip.Addr) bool { return slices.Contains(h.From, a) }

// End returns the last hop; one that says nothing where none was asked.
func (p Path) End() Hop {
	if len(p.Hops) == 0 {
		return Hop{Said: SaidNothing}
	}
	return p.Hops[len(p.Hops)-1]
}

// Accepted reports whether the target answered: nothing on the path drops what is
// sent there.
func (p Path) Accepted() bool { return p.End().Said == SaidAccepted }

// A Said is what came back from a hop: a closed set.
type Said string

// What a hop says. All but the first two end a path.
const (
	SaidNothing     Said = "nothing"          // in no try: answers were lost, limited, or never sent
	SaidExceeded    Said = "time-exceeded"    // the packet came here, and its hop limit ran out
	SaidAccepted    Said = "accepted"         // the connect was accepted, or the datagram answered
	SaidReset       Said = "reset"            // the connect was reset (RST)
	SaidPort        Said = "port-unreachable" // ICMP
	SaidProhibited  Said = "prohibited"       // ICMP: administratively prohibited
	SaidUnreachable Said = "unreachable"      // ICMP: no way to the host
)

// ends reports whether a hop that says so is the last of its path.
func (s Said) ends() bool { return s != SaidNothing && s != SaidExceeded }

// A Reply is what came back when a hop was asked once.
type Reply struct {
	Said Said
	From netip.Addr // who said it; the zero Addr where that is not known
	Self bool       // it was this machine itself
	Err  error      // why this machine could not ask
}

// The shape of a trace. A hop that says nothing costs the sum of the waits, but
// hops wait side by side. Where ten packets of a hundred are lost each way, one hop in
// four thousand that does answer seems silent after five tries. The last waits are
// long enough for routers that send one ICMP message a second, as Linux does
// after the first six.
const (
	FarthestHop = 30                     // to which a path is walked
	silentHops  = 5                      // hops in a row without an answer, which end a trace
	stagger     = 200 * time.Millisecond // until the next hop is asked, where the one before has not answered
)

var hopWaits = [...]time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 900 * time.Millisecond, 900 * time.Millisecond, 900 * time.Millisecond}

// Path traces the way to a target, from the first hop on.
func (t Tracer) Path(ctx context.Context, to socket.Target) Path {
	return t.walk(ctx, to, 1, FarthestHop)
}

// walk traces the way to a target from hop first on, and as far as hop last.
func (t Tracer) walk(ctx context.Context, to socket.Target, first, last int) Path {
	ctx, stop := context.WithTimeout(ctx, cmp.Or(t.Timeout, 20*time.Second))
	defer stop()
	w := newWalk(t, to, first, last)
	w.run(ctx)
	return w.path(ctx.Err() != nil)
}

// Answering asks all targets side by side. It returns one of the first that answer, and
// rather one that accepts than one that resets; false where none answers.
func (t Tracer) Answering(ctx context.Context, targets []socket.Target) (socket.Target, bool) {
	type answer struct {
		index int
		Reply
	}
	ctx, stop := context.WithTimeout(ctx, 3500*time.Millisecond) // outlives the SYNs sent at 0, 1 and 3 s
	defer stop()
	replies := make(chan answer, len(targets))
	for i, to := range targets {
		go func() { replies <- answer{i, t.asker()(ctx, to, 0)} }()
	}
	accepted, reset := -1, -1
	for range targets {
		switch r := <-replies; {
		case r.Said == SaidAccepted && (accepted < 0 || r.index < accepted):
			accepted = r.index
			stop() // the others end now, and are waited for
		case r.Said == SaidReset && reset < 0:
			reset = r.index
		}
	}
	for _, i := range []int{accepted, reset} {
		if i >= 0 {
			return targets[i], true
		}
	}
	return socket.Target{}, false
}

func (t Tracer) asker() AskFunc {
	if t.Ask != nil {
		return t.Ask
	}
	return func(ctx context.Context, to socket.Target, ttl int) Reply {
		own, err := socket.AskHop(ctx, t.Source, to, ttl)
		r := replyOf(err, to)
		r.Self = r.Self || own
		return r
	}
}

// replyOf says what the outcome of connecting to a target means.
func replyOf(err error, to socket.Target) Reply {
	if err == nil {
		return Reply{Said: SaidAccepted, From: to.Addr.Addr()}
	}
	var dial *socket.Error
	if errors.As(err, &dial) && dial.ICMP != socket.ICMPNone {
		return Reply{Said: icmpSaid[dial.ICMP], From: dial.By}
	}
	switch cause := socket.CauseOf(err); {
	case cause == socket.Refused || cause == socket.Reset:
		return Reply{Said: SaidReset, From: to.Addr.Addr()}
	case cause == socket.Unreachable:
		return Reply{Said: SaidUnreachable}
	case cause == socket.Denied:
		return Reply{Said: SaidProhibited, Self: true}
	case cause == socket.TimedOut || socket.IsTimeout(err):
		return Reply{Said: SaidNothing}
	}
	return Reply{Said: SaidNothing, Err: err}
}

var icmpSaid = map[socket.ICMP]Said{
	socket.ICMPExceeded:    SaidExceeded,
	socket.ICMPPort:        SaidPort,
	socket.ICMPProhibited:  SaidProhibited,
	socket.ICMPUnreachable: SaidUnreachable,
}
