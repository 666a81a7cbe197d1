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
func (a *asking) asksInSmall(res Result) bool {
	held := res.Silence != nil && res.Silence.Delivery == Held && res.Step != protocol.Greet
	return held && a.run.small != nil && a.run.pool.Credentials == nil && !a.run.shared.Gentle
}

// askInSmall asks a peer that was silent where nothing it says fills a large
// packet, and returns how long that took. If the peer answers then and only then, the
// path loses large packets: an answer that is one of those leaves no other trace.
func (a *asking) askInSmall(ctx context.Context, res *Result) (spent time.Duration) {
	converse := func(small bool) (c *conversation, further bool) {
		c = a.newConversation(min(smallTime, a.run.timeouts.Check))
		c.small = small
		c.hold(ctx)
		spent += c.spent
		return c, c.proves() || c.tls != nil && res.Step == protocol.TLS // later, the handshake is nothing new
	}
	c, further := converse(true)
	if !further {
		res.Silence.InSmall = c.line.Load() != nil && socket.IsTimeout(c.err)
		return spent
	}
	// It may only have been slow the first time, or be one of several servers behind a
	// balancer, which asks them in turn.
	for range 2 {
		if c, further = converse(false); c.proves() {
			res.Peer = nil // it is that of the silence
			c.record(ctx, res)
			return spent
		}
		if further || !socket.IsTimeout(c.err) {
			return spent
		}
	}
	for range 2 {
		if _, further = converse(true); !further {
			return spent
		}
	}
	res.Silence.Delivery = AnswerLost
	return spent
}
