// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"exreach/catalog"
	"exreach/probe/protocol"
)

// A ledger holds what came of the credentials. It decides whether a conversation may
// log in with them once more: a wrong password that is tried at every port of every host
// locks the account. A host that has refused them gets no further login, and once two
// hosts have refused them, no host does. Nothing that a server says lifts that: one that
// says yes to anything proves nothing.
//
// It is part of Shared, and serves all pools at once or one after the other.
type ledger struct {
	room *semaphore.Weighted // for the logins that are under way; see weight

	mu     sync.Mutex // protects what is below
	hosts  map[string]*hostLogins
	denied int             // logins that were refused, or had no clear answer
	proven map[string]bool // hosts that accepted the credentials, and proved who they are
	barred error           // why there may be no login anywhere any more; nil while there may
}

// hostLogins is what the logins on one host share.
type hostLogins struct {
	name string              // in lower case
	turn *semaphore.Weighted // for the one login that may be under way

	users  int   // logins under way or waiting; protected by ledger.mu, as is barred
	barred error // why there may be no further login; nil while there may
}

// maxDenied is how many logins may be refused before there are no more. Three is the
// lowest threshold for a lockout that anyone recommends.
const maxDenied = 2

// enoughProof is how many hosts must have accepted the credentials, while none refused
// them, before more than maxDenied logins may be under way at once. There are never so
// many servers that say yes to anything.
const enoughProof = 8

// wholeRoom is how many logins may be under way after enoughProof.
const wholeRoom = 32

var (
	errRefusedBefore   = errors.New("refused before")
	errNoAnswerBefore  = errors.New("not answered before")
	errRefusedByAll    = fmt.Errorf("refused by %d hosts before", maxDenied)
	errAccountUnusable = errors.New("a server said that the account is locked, disabled or expired")
	errLoginsSlow      = errors.New("other logins took too long")
)

// newLedger returns an empty ledger.
func newLedger() *ledger {
	return &ledger{room: semaphore.NewWeighted(wholeRoom), hosts: map[string]*hostLogins{}, proven: map[string]bool{}}
}

// weight returns how much of the room a login takes, and why it may not begin, if so. All
// logins under way may be refused, so there are never more of them than refusals left.
func (l *ledger) weight(h *hostLogins) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case h.barred != nil:
		return 1, h.barred
	case l.barred != nil:
		return 1, l.barred
	case l.denied == 0 && len(l.proven) >= enoughProof:
		return 1, nil
	}
	return int64(wholeRoom / (maxDenied - l.denied)), nil
}

// use returns what the logins on a host share. The caller calls leave at the end.
func (l *ledger) use(name string) *hostLogins {
	l.mu.Lock()
	defer l.mu.Unlock()
	name = strings.ToLower(name)
	h := l.hosts[name]
	if h == nil {
		h = &hostLogins{name: name, turn: semaphore.NewWeighted(1)}
		l.hosts[name] = h
	}
	h.users++
	return h
}

// leave forgets a host that has not barred further logins, once no login uses it.
func (l *ledger) leave(h *hostLogins) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.users--; h.users == 0 && h.barred == nil {
		delete(l.hosts, h.name)
	}
}

// note keeps the outcome of a login on h. proven says that the server proved who it is.
func (l *ledger) note(h *hostLogins, o protocol.Outcome, proven bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch o {
	case protocol.Undecided:
		return
	case protocol.Accepted:
		if proven && len(l.proven) < enoughProof {
			l.proven[h.name] = true
		}
		return
	case protocol.Unanswered:
		h.barred = errNoAnswerBefore
	default:
		h.barred = errRefusedBefore
	}
	l.denied++
	switch {
	case o == protocol.Locked:
		l.barred = errAccountUnusable
	case l.barred == nil && l.denied >= maxDenied:
		l.barred = errRefusedByAll
	}
}

// mayLogIn gives q what a login needs, where the pool has credentials. A service that must
// not be reached at all gets no login.
func (c *conversation) mayLogIn(ctx context.Context, q *protocol.Question) {
	if c.run.pool.Credentials == nil || c.check.Want == catalog.Forbidden {
		return
	}
	q.Credentials = c.run.pool.Credentials
	q.Private = c.private
	q.Turn = func() (func(protocol.Outcome), error) {
		end, err := c.run.shared.logins.login(ctx, c.check.Host)
		return func(o protocol.Outcome) { end(o, c.private() == nil) }, err
	}
}

// private says why a password must not be said on the connection; nil where it may.
// Without TLS others can read it on the path, and with old or weak TLS perhaps they can.
// Without a certificate that proves the server's name, anything on the path may be
// the server.
func (c *conversation) private() error {
	switch t := c.tls.Judge(c.run.shared.trust.Judge); {
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

// safeVersions are the versions of TLS under which a password may be said (RFC 8996).
var safeVersions = []string{tls.VersionName(tls.VersionTLS12), tls.VersionName(tls.VersionTLS13)}

// isSafe reports whether a password may be said under a cipher suite: its cipher is not
// broken, and the server proves its name. RC4, 3DES, NULL, EXPORT and all ciphers that
// are yet to be invented are not safe.
func isSafe(suite string) bool {
	unbroken := strings.Contains(suite, "_AES_") || strings.Contains(suite, "_CHACHA20_")
	return unbroken && !strings.Contains(strings.ToLower(suite), "_anon_") && !strings.Contains(suite, "_EXPORT")
}
