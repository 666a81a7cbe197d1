// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"slices"

	"exreach/catalog"
)

// observeRow notes what a row tells of whether everything answers at an address:
// connects that led to nothing, or of which nothing more was asked.
func (p *path) observeRow(res Result) {
	bare := res.Verdict == Answered && res.Check.Service.IsBare()
	if res.Check.IsControl() || !bare && !slices.Contains([]Verdict{Silent, Mismatch, Cut, BadTLS}, res.Verdict) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hollow = true
}

func (p *path) isHollow() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hollow
}

// askControlLast asks the port that nobody uses a second time, after all others,
// where one of them connected and proved nothing: a device may begin to answer in
// the host's place once a source has connected to many ports.
func (a *asking) askControlLast(ctx context.Context) {
	if a.check.Service.Network != catalog.TCP || a.res.Verdict == Answered || !a.host.crowd.awaitEnd(ctx) || !a.path.isHollow() {
		return
	}
	leave, err := a.takeHost(ctx)
	if err != nil {
		return
	}
	defer leave()
	a.door.doubt() // a few tries are enough for a port that was silent before
	a.askNow(ctx)
}
