// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"exreach/probe/protocol"
	"exreach/probe/secure"
	"exreach/probe/trust"
)

// record writes what the attempt found into res. It reports whether the cause
// was a shortage of this machine that may pass.
func (a *attempt) record(res *Result, t *trust.Store, cancelled bool) (shortage bool) {
	res.Steps = a.steps
	res.Step = a.step()
	o := classify(a.err, res.Step, cancelled)
	res.Verdict, res.Obstacle, res.SaidBy = o.verdict, ofFamily(o.obstacle, a.to.Addr()), o.saidBy
	res.Evidence = a.evidence(o.verdict)
	res.Silence = a.silence(o.verdict)
	peer := a.peer
	a.door.tell(a.tls)
	peer.TLS, peer.TLSFailure = a.tls.Judge(t.Judge), secure.FailureOf(a.err)
	a.mask.HideAll(&peer) // before it is cut
	peer.Clean()
	if !emptyPeer(peer) {
		res.Peer = &peer
	}
	res.Detail = a.detail(o, res)
	return o.obstacle.mayPass()
}

func emptyPeer(p protocol.Peer) bool {
	return p.Greeting == "" && p.Capabilities == nil && p.Facts == nil && p.Refusal == "" && p.Endpoints == nil && p.Web == nil && p.TLS == nil && p.TLSFailure == nil
}
