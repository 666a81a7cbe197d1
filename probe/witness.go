// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"time"

	"exreach/catalog"
	"exreach/probe/socket"
)

// revives reports whether an address that fell silent answers again, now that the
// host is quiet. The first check whose port timed out asks the witness, for all of them.
func (a *asking) revives(ctx context.Context) bool {
	release, err := a.host.crowd.takeShares(ctx, wholeHost)
	if err != nil {
		return false
	}
	defer release()
	w, alive := a.path.alive()
	if alive || !w.addr.IsValid() || a.path.revived {
		return alive
	}
	a.path.revived = true
	if !sleep(ctx, a.pace(1)) {
		return false
	}
	a.run.askWitness(a.path, w, mostWait)
	_, alive = a.path.alive()
	return alive
}

// awaitWelcome waits until the witness, which has accepted connections, accepts one
// again, for as long as firewalls remember connections that are over: an earlier refusal
// may be due to those. The first check to come here asks the witness, for all ports.
func (a *asking) awaitWelcome(ctx context.Context) {
	if a.path.isWelcoming() {
		return
	}
	release, err := a.host.crowd.takeShares(ctx, wholeHost)
	if err != nil {
		return
	}
	defer release()
	if a.path.isWelcoming() {
		return // another check has asked meanwhile
	}
	defer a.path.welcomes.Store(true)
	for pause := firstPause; pause <= lastPause && a.turnsWitnessAway(ctx); pause *= 2 {
		a.host.crowd.limit()
		if !sleep(ctx, pause) {
			return
		}
	}
}

// isWelcome reports whether the witness, which has accepted connections, accepts one now.
func (a *asking) isWelcome(ctx context.Context) bool {
	release, err := a.host.crowd.takeShares(ctx, wholeHost)
	if err != nil {
		return false
	}
	defer release()
	return sleep(ctx, spacing) && a.path.connects() && a.sound(ctx) == nil
}

// turnsWitnessAway reports whether a connect to the witness is refused.
func (a *asking) turnsWitnessAway(ctx context.Context) bool {
	err := a.sound(ctx)
	return socket.CauseOf(err) == socket.Refused || icmpOf(err) != socket.ICMPNone
}

// sound connects to the witness and hangs up.
func (a *asking) sound(ctx context.Context) error {
	if !sleep(ctx, a.pace(1)) {
		return errTurn
	}
	ctx, stop := context.WithTimeout(ctx, 2*a.path.wait())
	defer stop()
	w, _ := a.path.alive()
	conn, err := a.run.dial(ctx, catalog.TCP, w.addr)
	if err != nil {
		return err
	}
	a.host.crowd.touch()
	return conn.Close()
}

// askWitness connects to a witness once, and notes in p whether it answered.
func (r *run) askWitness(p *path, w witness, wait time.Duration) {
	release, err := r.witnessSlot()
	if err != nil {
		return
	}
	defer release()
	sent := time.Now()
	ctx, stop := context.WithTimeout(r.ctx, 2*wait)
	defer stop()
	conn, err := r.dial(ctx, catalog.TCP, w.addr)
	switch {
	case err == nil:
		_ = conn.Close()
		p.hear(w, sent, 0)
	case socket.CauseOf(err) == socket.Refused:
		p.hear(w, sent, 0)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		p.miss(sent)
	}
}
