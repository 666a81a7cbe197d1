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
// packet. If it answers then, the path loses those: an answer that is one large
// packet leaves no other trace.
func (r *run) askInSmall(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) {
	ctx, stop := context.WithTimeout(ctx, smallTime)
	defer stop()
	conn, err := r.small(ctx, at)
	if err != nil {
		return
	}
	defer func() {
		_ = recover() // the attempts before have told of faults
	}()
	a := r.newAttempt(h, d, at, smallTime)
	leash := newLeash(conn, time.Now().Add(smallTime))
	defer leash.Close()
	defer context.AfterFunc(ctx, leash.expire)()
	a.line.Store(leash)
	a.at(protocol.Connect)
	a.talk(ctx, r, leash, res.Check)
	if a.tls != nil || a.proves() {
		res.Silence.Delivery = AnswerLost
		return
	}
	res.Silence.InSmall = isTimeout(a.err)
}
