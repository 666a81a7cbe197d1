// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"exreach/probe/protocol"
)

// logins decides which conversations of a run may log in. A wrong password that
// is tried at every port of every host locks the account, so it is tried once
// on a host and at two hosts in all.
type logins struct {
	unproven chan struct{} // held by the one login that may be under way while nobody has accepted the credentials

	mu       sync.Mutex
	hosts    map[string]*hostLogins
	accepted bool
	denied   int // hosts that said no
}

// hostLogins is what the logins on one host share.
type hostLogins struct {
	turn chan struct{} // held by the one login that may be under way
	shut error         // why there may be no other; held by logins.mu
}

// deniedHosts is how many hosts may refuse credentials that nobody has accepted.
// The lowest threshold for a lockout that anybody recommends is three.
const deniedHosts = 2

var (
	errRefusedBefore  = errors.New("refused before")
	errNoAnswerBefore = errors.New("not answered before")
	errRefusedByAll   = fmt.Errorf("refused by %d hosts before", deniedHosts)
	errNoTurn         = errors.New("other logins took too long")
)

func newLogins() *logins {
	return &logins{unproven: make(chan struct{}, 1), hosts: map[string]*hostLogins{}}
}

// turn waits until a login on host may begin, and returns how it ends. Its error
// says why there may be none.
func (l *logins) turn(ctx context.Context, host string) (end func(protocol.Outcome), err error) {
	h := l.host(host)
	if !take(ctx, h.turn) {
		return nil, errNoTurn
	}
	alone := !l.proven()
	if alone && !take(ctx, l.unproven) {
		<-h.turn
		return nil, errNoTurn
	}
	release := func() {
		if alone {
			<-l.unproven
		}
		<-h.turn
	}
	if err := l.shut(h); err != nil {
		release()
		return nil, err
	}
	return func(o protocol.Outcome) {
		l.note(h, o)
		release()
	}, nil
}

// take puts a token into a channel that has room for one.
func take(ctx context.Context, c chan struct{}) bool {
	select {
	case c <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *logins) host(name string) *hostLogins {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hosts[name]
	if h == nil {
		h = &hostLogins{turn: make(chan struct{}, 1)}
		l.hosts[name] = h
	}
	return h
}

// proven reports whether the credentials are known to be right.
func (l *logins) proven() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accepted
}

// shut says why nobody may log in on h any more.
func (l *logins) shut(h *hostLogins) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.shut == nil && !l.accepted && l.denied >= deniedHosts {
		return errRefusedByAll
	}
	return h.shut
}

// note keeps what a login on h has shown.
func (l *logins) note(h *hostLogins, o protocol.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch o {
	case protocol.Accepted:
		l.accepted = true
	case protocol.Denied:
		h.shut = errRefusedBefore
		l.denied++
	case protocol.Unanswered:
		h.shut = errNoAnswerBefore
		l.denied++
	}
}
