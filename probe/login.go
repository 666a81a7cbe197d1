// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	q.Turn = func() (func(protocol.Outcome), error) {
		end, err := r.logins.turn(ctx, c.Host)
		return func(o protocol.Outcome) { end(o, a.private(r.trust) == nil) }, err
	}
}

// private reports why a password must not be said on the connection: without
// TLS anybody on the path reads it, with an old or weak one somebody may, and
// without a certificate that proves the server's name anybody on the path may be
// the server.
func (a *attempt) private(whom *Trust) error {
	switch t := a.tls.judge(whom); {
	case t == nil:
		return errors.New("no TLS")
	case !slices.Contains(safeVersions, t.Version):
		return fmt.Errorf("%s is not safe", t.Version)
	case !isSafe(t.Cipher):
		return fmt.Errorf("the cipher %s is not safe", t.Cipher)
	case !t.Trusted:
		return errors.New("the certificate is not trusted")
	case !t.NameMatches:
		return errors.New("the certificate is for another name")
	case time.Now().After(t.Chain[0].NotAfter) || time.Now().Before(t.Chain[0].NotBefore):
		return errors.New("the certificate is out of date")
	}
	return nil
}

// safeVersions are those in which a password may be said (RFC 8996).
var safeVersions = []string{tls.VersionName(tls.VersionTLS12), tls.VersionName(tls.VersionTLS13)}

// isSafe reports whether a password may be said under a cipher suite: one with a
// cipher that is not broken, and a server that is known. RC4, 3DES, NULL, EXPORT
// and all that nobody has heard of yet are not among these.
func isSafe(suite string) bool {
	known := strings.Contains(suite, "_AES_") || strings.Contains(suite, "_CHACHA20_")
	return known && !strings.Contains(strings.ToLower(suite), "_anon_") && !strings.Contains(suite, "_EXPORT")
}
