// SPDX-License-Identifier: Apache-2.0

package probe

import "exreach/probe/protocol"

// record writes what the attempt found into res. It reports whether the cause
// was a shortage of this machine that may pass.
func (a *attempt) record(res *Result, t *Trust, cancelled bool) (shortage bool) {
	res.Steps = a.steps
	res.Step = a.step()
	o := classify(a.err, res.Step, cancelled)
	res.Verdict, res.Obstacle, res.SaidBy = o.verdict, a.ofFamily(o.obstacle), o.saidBy
	res.Evidence = a.evidence(o.verdict)
	res.Silence = a.silence(o.verdict)
	peer := a.peer
	a.door.tell(a.tls)
	peer.TLS, peer.TLSFailure = a.tls.judge(t), failure(a.err)
	a.mask.HideAll(&peer) // before it is cut
	peer.Clean()
	if !emptyPeer(peer) {
		res.Peer = &peer
	}
	res.Detail = a.detail(o, res)
	return o.obstacle.mayPass()
}

// ofFamily tells which kind of address this machine does not speak: the system
// has one error for both.
func (a *attempt) ofFamily(o Obstacle) Obstacle {
	if o == NoIPv6 && a.to.Addr().Is4() {
		return NoIPv4
	}
	return o
}

func emptyPeer(p protocol.Peer) bool {
	return p.Greeting == "" && p.Capabilities == nil && p.Facts == nil && p.Refusal == "" && p.Endpoints == nil && p.Web == nil && p.TLS == nil && p.TLSFailure == nil
}
