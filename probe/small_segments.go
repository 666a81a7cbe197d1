// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"exreach/probe/protocol"
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
// packet, and returns how long that took. If the peer answers then, the path loses
// large packets: an answer that is one of those leaves no other trace.
func (r *run) askInSmall(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) (spent time.Duration) {
	shaken := res.Peer != nil && res.Peer.TLS != nil // so that the handshake's large packets came
	a := r.newAttempt(h, d, at, min(smallTime, r.timeouts.Check))
	a.small = true
	a.make(ctx, r, res.Check)
	switch {
	case a.tls != nil && !shaken || a.proves():
		return a.spent + r.askInLarge(ctx, a, res, shaken)
	case a.line.Load() != nil:
		res.Silence.InSmall = isTimeout(a.err)
	}
	return a.spent
}

// askInLarge asks a peer once more that answered in small segments: it may only have
// been slow the first time. If it is silent again, the path loses large packets.
func (r *run) askInLarge(ctx context.Context, small *attempt, res *Result, shaken bool) (spent time.Duration) {
	a := r.newAttempt(small.host, small.door, small.to, small.left)
	a.make(ctx, r, res.Check)
	switch {
	case a.proves():
		res.Peer = nil // it is that of the silence
		a.record(res, r.trust, ctx.Err() != nil)
	case isTimeout(a.err) && (a.tls == nil || shaken):
		res.Silence.Delivery = AnswerLost
	}
	return a.spent
}
