// SPDX-License-Identifier: Apache-2.0

package hops

import (
	"context"

	"golang.org/x/sync/semaphore"

	"exreach/probe/socket"
)

// A BesidePort is a port that answers, with which all ports of its address are compared.
// Its path is walked when the first of them needs it. nil stands for none.
type BesidePort struct {
	tracer Tracer
	to     socket.Target

	turn  *semaphore.Weighted // guards the fields below; held while the path is walked
	path  *Path               // nil until then
	first int                 // the TTL of its first hop
}

// NewBesidePort returns the port, whose path t will walk.
func NewBesidePort(t Tracer, to socket.Target) *BesidePort {
	return &BesidePort{tracer: t, to: to, turn: semaphore.NewWeighted(1)}
}

// pathFrom returns the path from a TTL on, or from a smaller one where that is known.
func (b *BesidePort) pathFrom(ctx context.Context, first int) *Path {
	if b == nil {
		return nil
	}
	if b.turn.Acquire(ctx, 1) != nil {
		return &Path{Target: b.to, Ended: true}
	}
	defer b.turn.Release(1)
	if b.path == nil || first < b.first {
		path := b.tracer.walk(ctx, b.to, first, FarthestHop)
		b.path, b.first = &path, first
	}
	return b.path
}
