// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
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
func (a *asking) revives(ctx context.Context) bool {
	release, err := a.host.crowd.takeShare(ctx, wholeHost)
	if err != nil {
		return false
	}
	defer release()
	w, alive := a.path.alive()
	if alive || !w.at.IsValid() || a.path.revived {
		return alive
	}
	a.path.revived = true
	if !a.awaitPace(ctx) {
		return false
	}
	a.run.askWitness(a.path, w, mostWait)
	_, alive = a.path.alive()
	return alive
}

// awaitWelcome waits until a port that has accepted connections accepts one again,
// for as long as firewalls remember connections that are over: what is refused
// sooner may be refused for those. It is asked for all ports together.
func (a *asking) awaitWelcome(ctx context.Context) {
	if a.path.isWelcoming() {
		return
	}
	release, err := a.host.crowd.takeShare(ctx, wholeHost)
	if err != nil {
		return
	}
	defer release()
	if a.path.isWelcoming() {
		return // another check has asked meanwhile
	}
	defer a.path.welcome()
	for pause := firstTurn; pause <= lastTurn && a.turnsWitnessAway(ctx); pause *= 2 {
		a.host.crowd.limit()
		if !wait(ctx, pause) {
			return
		}
	}
}

// isWelcome reports whether a port that has accepted connections accepts one now.
func (a *asking) isWelcome(ctx context.Context) bool {
	release, err := a.host.crowd.takeShare(ctx, wholeHost)
	if err != nil {
		return false
	}
	defer release()
	return wait(ctx, spacing) && a.path.connects() && a.sound(ctx) == nil
}

// turnsWitnessAway reports whether a connect to the witness is refused.
func (a *asking) turnsWitnessAway(ctx context.Context) bool {
	err := a.sound(ctx)
	said := new(*socket.Error)
	return socket.CauseOf(err) == socket.Refused || errors.As(err, said) && (*said).ICMP != socket.ICMPNone
}

// sound connects to the witness and hangs up.
func (a *asking) sound(ctx context.Context) error {
	if !a.awaitPace(ctx) {
		return errTurn
	}
	ctx, stop := context.WithTimeout(ctx, 2*a.path.wait())
	defer stop()
	w, _ := a.path.alive()
	conn, err := a.run.dial(ctx, catalog.TCP, w.at)
	if err != nil {
		return err
	}
	a.host.crowd.touch()
	return conn.Close()
}

// awaitPace waits until one more connect may be sent.
func (a *asking) awaitPace(ctx context.Context) bool {
	return wait(ctx, pay(1, a.run.shared.places.pace, a.host.places.pace))
}
