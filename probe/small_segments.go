// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"exreach/probe/protocol"
)

// smallest is a maximum segment size that every path lets through: with the headers
// of IPv6 and TCP's timestamps a packet has 560 bytes (RFC 791 wants 576 of IPv4's
// hosts, RFC 8200 1280 of IPv6's links).
const smallest = 500

// smallTime is how long a conversation in small segments may take.
const smallTime = 3 * time.Second

// A smallDial connects over TCP and takes small segments only.
type smallDial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)

// answersInSmall reports whether a peer that was silent answers where nothing it
// says fills a large packet: then the path loses those. An answer that is one large
// packet leaves no other trace.
func (r *run) answersInSmall(ctx context.Context, h *host, d *door, res *Result, at netip.AddrPort) (answers bool) {
	if res.Silence == nil || res.Silence.Delivery != Held || res.Step == protocol.Greet || r.small == nil || r.pool.Credentials != nil || r.pool.Gentle {
		return false
	}
	ctx, stop := context.WithTimeout(ctx, smallTime)
	defer stop()
	conn, err := r.small(ctx, at)
	if err != nil {
		return false
	}
	defer func() {
		if recover() != nil { // the attempts before have told of faults
			answers = false
		}
	}()
	a := r.newAttempt(h, d, at, smallTime)
	leash := newLeash(conn, time.Now().Add(smallTime))
	defer leash.Close()
	defer context.AfterFunc(ctx, leash.expire)()
	a.line.Store(leash)
	a.at(protocol.Connect)
	a.talk(ctx, r, leash, res.Check)
	return a.tls != nil || a.proves()
}
