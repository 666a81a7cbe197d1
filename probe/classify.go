// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"

	"exreach/catalog"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/protocol/wire"
	"exreach/probe/secure"
	"exreach/probe/socket"
)

// obstacleOf returns what in this machine led to err; "" where the cause is elsewhere.
func obstacleOf(err error) Obstacle {
	switch socket.CauseOf(err) {
	case socket.NoRoute, socket.InterfaceDown:
		return NoRoute
	case socket.NoFamily:
		return NoIPv6
	case socket.NoAddress:
		var call *os.SyscallError
		if errors.As(err, &call) && call.Syscall == "bind" {
			return NoSource
		}
		return NoSourcePorts
	case socket.NoPorts:
		return NoSourcePorts
	case socket.Denied:
		return Denied
	case socket.NoDescriptors:
		return NoDescriptors
	case socket.NoMemory:
		return NoMemory
	}
	return ""
}

// mayPass reports whether this machine ran out of something that it may soon have again:
// then record has the check wait a moment and ask again.
func (o Obstacle) mayPass() bool {
	return o == NoDescriptors || o == NoSourcePorts || o == NoMemory
}

// An outcome is what classify makes of an error.
type outcome struct {
	verdict  Verdict
	obstacle Obstacle   // "" unless verdict is Untried
	saidBy   netip.Addr // who sent the ICMP message that ended it
}

func untried(o Obstacle) outcome { return outcome{verdict: Untried, obstacle: o} }

// classify turns the error of a conversation into a verdict; nothing else does. step is
// where the conversation ended; cancelled means that the run was interrupted. Nothing
// that a peer does leads to Untried.
func classify(err error, step protocol.Step, cancelled bool) outcome {
	switch {
	case err == nil:
		return outcome{verdict: Answered}
	case errors.Is(err, errTurn), cancelled && (socket.IsTimeout(err) || errors.Is(err, context.Canceled)):
		return untried(Interrupted)
	}
	if mismatch := new(*wire.MismatchError); errors.As(err, mismatch) {
		return outcome{verdict: Mismatch}
	}
	if errors.Is(err, protocol.ErrNothingSaid) { // that the port connects is all there was to learn
		return outcome{verdict: Answered}
	}
	if dial := new(*socket.Error); errors.As(err, dial) {
		return classifyDial(*dial)
	}
	if fault := new(*panicError); errors.As(err, fault) || errors.Is(err, errNoConversation) {
		return untried(OwnFault)
	}
	return classifyTalk(err)
}

// classifyDial judges an error of connecting.
func classifyDial(e *socket.Error) outcome {
	switch {
	case errors.Is(e.Err, socket.ErrFamily):
		return untried(OtherFamily)
	case e.Local && e.ICMP == socket.ICMPUnreachable:
		return untried(NoRoute)
	case e.Local && e.ICMP != socket.ICMPNone:
		return untried(Denied)
	case e.ICMP == socket.ICMPPort:
		return outcome{verdict: Refused, saidBy: e.By}
	case e.ICMP == socket.ICMPProhibited:
		return outcome{verdict: Prohibited, saidBy: e.By}
	case e.ICMP == socket.ICMPUnreachable, e.ICMP == socket.ICMPExceeded:
		return outcome{verdict: Unreachable, saidBy: e.By}
	}
	switch socket.CauseOf(e.Err) {
	case socket.Refused:
		return outcome{verdict: Refused}
	case socket.Reset:
		return outcome{verdict: Cut}
	case socket.TimedOut:
		return outcome{verdict: TimedOut}
	case socket.Unreachable:
		if e.Local { // a route of this machine's says so
			return untried(NoRoute)
		}
		return outcome{verdict: Unreachable}
	}
	if obstacle := obstacleOf(e.Err); obstacle != "" { // EAGAIN calls itself a time-out, too
		return untried(obstacle)
	}
	if socket.IsTimeout(e.Err) {
		return outcome{verdict: TimedOut}
	}
	return untried(SystemError)
}

// classifyTalk judges an error on an open connection. An error that neither time, nor
// the connection, nor TLS explains means that the peer broke the rules of the protocol.
func classifyTalk(err error) outcome {
	var shake *secure.Error
	inTLS := errors.As(err, &shake)
	switch {
	case inTLS && shake.CertificateWanted:
		return outcome{verdict: BadTLS} // the server said nothing after it asked for one
	case socket.IsTimeout(err):
		return outcome{verdict: Silent}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return outcome{verdict: Cut}
	}
	switch socket.CauseOf(err) {
	case socket.TimedOut, socket.Unreachable, socket.NoRoute: // the system gave up, and may take a router's word as the reason
		return outcome{verdict: Silent}
	case socket.Reset, socket.Refused: // a datagram may be refused in the middle of a conversation
		return outcome{verdict: Cut}
	}
	if obstacle := obstacleOf(err); obstacle != "" {
		return untried(obstacle)
	}
	if inTLS {
		return outcome{verdict: BadTLS}
	}
	return outcome{verdict: Mismatch}
}

// judgeLookup judges the error of a lookup: it tells a name without an address apart from
// a lookup that failed. The string is Result.Detail.
func judgeLookup(err error, cancelled bool) (Verdict, Obstacle, string) {
	switch obstacle := obstacleOf(err); {
	case errors.Is(err, errStoodStill):
		return Untried, StoodStill, stoodStill
	case cancelled:
		return Untried, Interrupted, during(protocol.Resolve, "")
	case lookup.NotFound(err):
		return Unresolved, "", lookup.Reason(err)
	case obstacle != "":
		return Untried, obstacle, "the name could not be looked up: " + err.Error()
	}
	return Untried, NoResolver, "no name server gave an answer: " + err.Error()
}

// ofFamily turns NoIPv6 into NoIPv4 for an IPv4 address: the system has one error for
// both families.
func ofFamily(o Obstacle, to netip.Addr) Obstacle {
	if o == NoIPv6 && to.Is4() {
		return NoIPv4
	}
	return o
}

// noWay returns the obstacle and the Result.Detail for an address to which this machine
// has no way.
func noWay(to netip.Addr, why socket.Cause) (Obstacle, string) {
	switch {
	case why == socket.NoFamily && to.Is4():
		return NoIPv4, "this machine has no IPv4, and " + to.String() + " cannot be reached without it"
	case why == socket.NoFamily:
		return NoIPv6, "this machine has no IPv6, and " + to.String() + " cannot be reached without it"
	case !socket.HasZone(to.Zone()):
		return NoRoute, "this machine has no interface " + to.Zone()
	}
	return NoRoute, "this machine has no route to " + to.String()
}

// verdict returns what the conversation proves, whether or not the run was interrupted.
func (c *conversation) verdict() Verdict { return classify(c.err, c.step(), false).verdict }

// record keeps in q.found what a conversation found. It reports whether the cause was a
// shortage of this machine that may pass.
func (q *inquiry) record(ctx context.Context, c *conversation) (shortage bool) {
	res := &q.found
	res.Steps = c.steps
	res.Step = c.step()
	o := classify(c.err, res.Step, ctx.Err() != nil)
	res.Verdict, res.Obstacle, res.SaidBy = o.verdict, ofFamily(o.obstacle, c.to.Addr()), o.saidBy
	res.Source = c.source
	res.Evidence = c.evidence(o.verdict)
	res.Silence = c.silence(o.verdict)
	peer := c.peer
	c.noteSpoken(&res.Check.Service)
	c.door.noteHello(c.tls)
	peer.StandIn = c.standIn()
	peer.TLS, peer.TLSFailure = c.tls.Judge(c.run.shared.trust.Judge), secure.FailureOf(c.err)
	c.run.mask.HideAll(&peer) // before Clean cuts it
	peer.Clean()
	if !emptyPeer(peer) {
		res.Peer = &peer
	}
	res.Detail = c.detail(o, res)
	return o.obstacle.mayPass()
}

// noteSpoken puts into a service of any protocol what its server turned out to speak.
func (c *conversation) noteSpoken(s *catalog.Service) {
	if c.peer.Spoke == "" {
		return
	}
	s.Protocol = c.peer.Spoke
	if c.secured != nil && s.TLS == catalog.NoTLS {
		s.TLS = catalog.Implicit
	}
}

func emptyPeer(p protocol.Peer) bool {
	return p.Greeting == "" && p.Capabilities == nil && p.Facts == nil && p.Refusal == "" && p.Endpoints == nil && p.Web == nil && p.TLS == nil && p.TLSFailure == nil && !p.StandIn
}
