// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// farAway is the round trip from which on asking one port after the other takes
// too long.
const farAway = 5 * time.Millisecond

// isFar reports whether answers take long here.
func (p *path) isFar() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.srtt == 0 || p.srtt > farAway
}

// hasLived reports whether the address has ever answered anything.
func (p *path) hasLived() bool { return p.lived(time.Time{}) }

// connects reports whether a port of the address has accepted a connection.
func (p *path) connects() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepted()
}

// accepted is connects with the lock held.
func (p *path) accepted() bool { return p.witness.at.IsValid() && p.witness.rank > refuses }

// isWelcoming reports whether it is known that the witness accepts connections
// again, or there is none to ask.
func (p *path) isWelcoming() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.welcomes || !p.accepted()
}

// welcome notes that the witness was asked whether it accepts connections again.
func (p *path) welcome() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.welcomes = true
}

// leastLost is how many tries have to be lost before they are more than bad luck.
const leastLost = 3

// isSuspect reports whether so many tries at ports that answer got lost as happens
// on few paths: something may drop connects for another reason.
func (p *path) isSuspect() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost >= leastLost && float64(p.lost) > leastLoss*float64(p.tried)
}

// alive is a witness, and whether the last thing that was heard of it is an answer.
func (p *path) alive() (witness, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.witness, p.witness.at.IsValid() && p.quiet.IsZero()
}

// revives reports whether an address that fell silent answers again, now that the
// host is quiet. Its witness is asked once, for all ports that timed out.
func (r *run) revives(ctx context.Context, h *host, at netip.Addr) bool {
	release, alone := h.crowd.takeAll(ctx)
	if !alone {
		return false
	}
	defer release()
	p := h.path(at)
	w, alive := p.alive()
	if alive || !w.at.IsValid() || p.revived {
		return alive
	}
	p.revived = true
	if !wait(ctx, pay(1, r.pace, h.pace)) {
		return false
	}
	r.askWitness(p, w, mostWait)
	_, alive = p.alive()
	return alive
}

// awaitWelcome waits until a port that has accepted connections accepts one again,
// for as long as firewalls remember connections that are over: what is refused
// sooner may be refused for those. It is asked for all ports together.
func (r *run) awaitWelcome(ctx context.Context, h *host, at netip.Addr) {
	p := h.path(at)
	if p.isWelcoming() {
		return
	}
	release, alone := h.crowd.takeAll(ctx)
	if !alone {
		return
	}
	defer release()
	if p.isWelcoming() {
		return // another check has asked meanwhile
	}
	defer p.welcome()
	w, _ := p.alive()
	for pause := firstTurn; pause <= lastTurn && r.isTurnedAway(ctx, h, w, 2*p.wait()); pause *= 2 {
		h.crowd.limit()
		if !wait(ctx, pause) {
			return
		}
	}
}

// isWelcome reports whether a port that has accepted connections accepts one now.
func (r *run) isWelcome(ctx context.Context, h *host, at netip.Addr) bool {
	release, alone := h.crowd.takeAll(ctx)
	if !alone {
		return false
	}
	defer release()
	p := h.path(at)
	w, _ := p.alive()
	return wait(ctx, spacing) && p.connects() && r.sound(ctx, h, w, 2*p.wait()) == nil
}

// isTurnedAway reports whether a connect is refused.
func (r *run) isTurnedAway(ctx context.Context, h *host, w witness, patience time.Duration) bool {
	err := r.sound(ctx, h, w, patience)
	said := new(*socket.Error)
	return socket.CauseOf(err) == socket.Refused || errors.As(err, said) && (*said).ICMP != socket.ICMPNone
}

// sound connects to the witness and hangs up.
func (r *run) sound(ctx context.Context, h *host, w witness, patience time.Duration) error {
	if !wait(ctx, pay(1, r.pace, h.pace)) {
		return errTurn
	}
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	conn, err := r.dial(ctx, catalog.TCP, w.at)
	if err != nil {
		return err
	}
	h.crowd.touch()
	return conn.Close()
}
