// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"time"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// mayLogIn gives q what a login needs of the pool. Where a service must not be
// reached at all, nobody logs in.
func (a *attempt) mayLogIn(ctx context.Context, r *run, c catalog.Check, q *protocol.Question) {
	if r.pool.Credentials == nil || c.Want == catalog.Forbidden {
		return
	}
	q.Credentials = r.pool.Credentials
	q.Private = func() error { return a.private(r.trust) }
	q.Turn = func() (func(protocol.Outcome), error) { return r.logins.turn(ctx, c.Host) }
}

// private reports why a password must not be said on the connection: without
// TLS anybody on the path reads it, and without a certificate that proves the
// server's name anybody on the path may be the server.
func (a *attempt) private(whom *Trust) error {
	switch t := a.tls.judge(whom); {
	case t == nil:
		return errors.New("no TLS")
	case !t.Trusted:
		return errors.New("the certificate is not trusted")
	case !t.NameMatches:
		return errors.New("the certificate is for another name")
	case time.Now().After(t.Chain[0].NotAfter) || time.Now().Before(t.Chain[0].NotBefore):
		return errors.New("the certificate is out of date")
	}
	return nil
}
