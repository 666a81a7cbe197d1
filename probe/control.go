// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"net/netip"
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
func (r *run) askControlLast(ctx context.Context, h *host, res *Result, at netip.AddrPort) {
	if !res.Check.IsControl() || res.Check.Service.Network != catalog.TCP || res.Verdict == Answered || !h.crowd.awaitEnd(ctx) {
		return
	}
	if !h.path(at.Addr()).isHollow() || h.turn.Acquire(ctx, 1) != nil {
		return
	}
	defer h.turn.Release(1)
	d := h.door(at, res.Check.Service)
	d.doubt() // a few tries are enough for a port that was silent before
	r.askNow(ctx, h, d, res, at)
}
