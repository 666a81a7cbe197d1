// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"

	"exreach/probe/protocol"
	"exreach/probe/secure"
)

// record writes what the conversation found into res. It reports whether the cause
// was a shortage of this machine that may pass.
func (c *conversation) record(ctx context.Context, res *Result) (shortage bool) {
	res.Steps = c.steps
	res.Step = c.step()
	o := classify(c.err, res.Step, ctx.Err() != nil)
	res.Verdict, res.Obstacle, res.SaidBy = o.verdict, ofFamily(o.obstacle, c.to.Addr()), o.saidBy
	res.Evidence = c.evidence(o.verdict)
	res.Silence = c.silence(o.verdict)
	peer := c.peer
	c.door.tell(c.tls)
	peer.TLS, peer.TLSFailure = c.tls.Judge(c.run.shared.trust.Judge), secure.FailureOf(c.err)
	c.run.mask.HideAll(&peer) // before it is cut
	peer.Clean()
	if !emptyPeer(peer) {
		res.Peer = &peer
	}
	res.Detail = c.detail(o, res)
	return o.obstacle.mayPass()
}

func emptyPeer(p protocol.Peer) bool {
	return p.Greeting == "" && p.Capabilities == nil && p.Facts == nil && p.Refusal == "" && p.Endpoints == nil && p.Web == nil && p.TLS == nil && p.TLSFailure == nil
}
