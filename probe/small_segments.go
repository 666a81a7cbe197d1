// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// smallTime is how long a conversation in small segments may take.
const smallTime = 3 * time.Second

// A smallDial connects over TCP and takes small segments only.
type smallDial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)

// asksInSmall reports whether a silence may be due to large packets that the path
// loses, and whether another connection may be spent on that.
func (r *run) asksInSmall(res Result) bool {
	held := res.Silence != nil && res.Silence.Delivery == Held && res.Step != protocol.Greet
	return held && r.small != nil && r.pool.Credentials == nil && !r.pool.Gentle
}

// askInSmall asks a peer that was silent where nothing it says fills a large
// packet, and returns how long that took. If the peer answers then and only then, the
// path loses large packets: an answer that is one of those leaves no other trace.
func (r *run) askInSmall(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) (spent time.Duration) {
	ask := func(small bool) (a *attempt, further bool) {
		a = r.newAttempt(h, d, at, min(smallTime, r.timeouts.Check))
		a.small = small
		a.make(ctx, r, res.Check)
		spent += a.spent
		return a, a.proves() || a.tls != nil && res.Step == protocol.TLS // later, the handshake is nothing new
	}
	a, further := ask(true)
	if !further {
		res.Silence.InSmall = a.line.Load() != nil && socket.IsTimeout(a.err)
		return spent
	}
	// It may only have been slow the first time, or be one of several servers behind a
	// balancer, which asks them in turn.
	for range 2 {
		if a, further = ask(false); a.proves() {
			res.Peer = nil // it is that of the silence
			a.record(res, r.trust, ctx.Err() != nil)
			return spent
		}
		if further || !socket.IsTimeout(a.err) {
			return spent
		}
	}
	for range 2 {
		if _, further = ask(true); !further {
			return spent
		}
	}
	res.Silence.Delivery = AnswerLost
	return spent
}
