// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/semaphore"

	"exreach/probe/protocol"
)

// Logins is the ledger of what came of the credentials. It decides whether they
// may be tried once more: a wrong password that is tried at every port of every
// host locks the account. Once refused, they are not tried again on that host, and
// once two hosts have refused them, nowhere. Nothing that a server says lifts that:
// one that says yes to anything proves nothing.
//
// One Logins serves all pools that have the same credentials, at once or one after
// the other.
type Logins struct {
	room *semaphore.Weighted // of the logins that are under way; see weight

	mu     sync.Mutex
	hosts  map[string]*hostLogins
	denied int             // logins that were refused, or had no clear answer
	proven map[string]bool // hosts that accepted the credentials, and proved who they are
	over   error           // why there may be no login any more
}

// hostLogins is what the logins on one host share.
type hostLogins struct {
	turn chan struct{} // held by the one login that may be under way
	shut error         // why there may be no other; held by Logins.mu
}

// maxDenied is how many logins may be refused. The lowest threshold for a lockout
// that anybody recommends is three.
const maxDenied = 2

// enoughProof is how many hosts must have accepted the credentials, and none
// refused them, until more logins than maxDenied are under way at a time. Servers
// that say yes to anything are not so many.
const enoughProof = 8

// wholeRoom is how many logins may be under way then.
const wholeRoom = 32

var (
	errRefusedBefore  = errors.New("refused before")
	errNoAnswerBefore = errors.New("not answered before")
	errRefusedByAll   = fmt.Errorf("refused by %d hosts before", maxDenied)
	errAccountShut    = errors.New("a server said that the account is locked, disabled or expired")
	errNoTurn         = errors.New("other logins took too long")
)

// NewLogins is a ledger in which nothing stands.
func NewLogins() *Logins {
	return &Logins{room: semaphore.NewWeighted(wholeRoom), hosts: map[string]*hostLogins{}, proven: map[string]bool{}}
}

// turn waits until a login on host may begin, and returns how it ends: with what
// it has shown, and whether the server proved who it is. Its error says why there
// may be no login.
func (l *Logins) turn(ctx context.Context, host string) (end func(o protocol.Outcome, known bool), err error) {
	h := l.host(host)
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, errNoTurn
	}
	weight, err := l.enter(ctx, h)
	if err != nil {
		<-h.turn
		return nil, err
	}
	return func(o protocol.Outcome, known bool) {
		l.note(h, host, o, known)
		l.room.Release(weight)
		<-h.turn
	}, nil
}

// enter waits for room. What a login weighs may change meanwhile.
func (l *Logins) enter(ctx context.Context, h *hostLogins) (weight int64, err error) {
	for {
		weight, _ = l.weight(h)
		if l.room.Acquire(ctx, weight) != nil {
			return 0, errNoTurn
		}
		now, err := l.weight(h)
		if err == nil && now <= weight {
			l.room.Release(weight - now)
			return now, nil
		}
		l.room.Release(weight)
		if err != nil {
			return 0, err
		}
	}
}

// weight is how much of the room a login takes. All that are under way may be
// refused, so that there are never more of them than may still be.
func (l *Logins) weight(h *hostLogins) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case h.shut != nil:
		return 1, h.shut
	case l.over != nil:
		return 1, l.over
	case l.denied == 0 && len(l.proven) >= enoughProof:
		return 1, nil
	}
	return int64(wholeRoom / (maxDenied - l.denied)), nil
}

func (l *Logins) host(name string) *hostLogins {
	l.mu.Lock()
	defer l.mu.Unlock()
	name = strings.ToLower(name)
	h := l.hosts[name]
	if h == nil {
		h = &hostLogins{turn: make(chan struct{}, 1)}
		l.hosts[name] = h
	}
	return h
}

// note keeps what a login on h has shown.
func (l *Logins) note(h *hostLogins, host string, o protocol.Outcome, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch o {
	case protocol.Undecided:
		return
	case protocol.Accepted:
		if known {
			l.proven[strings.ToLower(host)] = true
		}
		return
	case protocol.Unanswered:
		h.shut = errNoAnswerBefore
	default:
		h.shut = errRefusedBefore
	}
	l.denied++
	switch {
	case o == protocol.Locked:
		l.over = errAccountShut
	case l.over == nil && l.denied >= maxDenied:
		l.over = errRefusedByAll
	}
}
