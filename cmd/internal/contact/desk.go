// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/tls"
	"net/netip"

	"exreach/probe/far"
)

// A Desk is the far end of all contacts with one listener. Its Serve answers a connection
// on which the contact was chosen. Set the fields before the first call; a Desk must not be
// copied.
type Desk struct {
	Code Code

	Record func(source netip.Addr, token string) far.Record      // what the listener saw of a source, or of whoever has the token
	Expect func(source netip.Addr, token string) (forget func()) // from now on the source has proved its address
	Watch  func(Visit)                                           // is told of each contact, maybe by several goroutines at once; nil is told nothing
}

// A Visit is a contact, or an attempt at one.
type Visit struct {
	From   netip.AddrPort
	Proved bool // it knew the code
}

// Serve holds one contact, until the other side hangs up, is idle for too long, or ctx
// ends. The caller has done the handshake of TLS, and closes conn afterwards.
func (d *Desk) Serve(ctx context.Context, conn *tls.Conn, from netip.AddrPort) {
}
