// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"

	"exreach/probe/protocol"
)

// A cause is what an error of the operating system means, whatever its number
// is there.
type cause int

const (
	causeUnknown     cause = iota
	causeRefused           // the peer said no
	causeReset             // the peer hung up
	causeTimeout           // the system gave up waiting
	causeUnreachable       // no way to the host
	causeNoRoute           // this machine has no route
	causeDown              // this machine's interface is down
	causeNoFamily          // this machine does not speak IPv6, or IPv4
	causeNoAddress         // no source address: none is free, or it is not this machine's
	causeDenied            // this machine's firewall or policy
	causeDescriptors       // this machine is out of descriptors
	causeMemory            // this machine is out of buffers or memory
	causePorts             // this machine is out of source ports
)

// causeOf returns what the system error inside err means.
func causeOf(err error) cause {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return causes[errno]
	}
	return causeUnknown
}

// obstacleOf returns what err says of this machine, and "" where it says nothing.
func obstacleOf(err error) Obstacle {
	switch causeOf(err) {
	case causeNoRoute, causeDown:
		return NoRoute
	case causeNoFamily:
		return NoIPv6
	case causeNoAddress:
		var call *os.SyscallError
		if errors.As(err, &call) && call.Syscall == "bind" {
			return NoSource
		}
		return NoSourcePorts
	case causeDenied:
		return Denied
	case causeDescriptors:
		return NoDescriptors
	case causeMemory:
		return NoMemory
	case causePorts:
		return NoSourcePorts
	}
	return ""
}

// isShortage reports whether this machine ran out of something. That may pass.
func isShortage(err error) bool { return obstacleOf(err).mayPass() }

// mayPass reports whether it is worth it to wait a moment and ask again.
func (o Obstacle) mayPass() bool {
	return o == NoDescriptors || o == NoSourcePorts || o == NoMemory
}

// An outcome is what classify makes of an error.
type outcome struct {
	verdict  Verdict
	obstacle Obstacle   // of Untried
	saidBy   netip.Addr // who sent the ICMP message that ended it
}

func untried(o Obstacle) outcome { return outcome{verdict: Untried, obstacle: o} }

// classify is the only place where errors become verdicts. Step is where the
// conversation ended; cancelled says that the run was interrupted. Nothing that a peer
// does leads to Untried.
func classify(err error, step protocol.Step, cancelled bool) outcome {
	switch {
	case err == nil:
		return outcome{verdict: Answered}
	case errors.Is(err, errTurn), cancelled && (isTimeout(err) || errors.Is(err, context.Canceled)):
		return untried(Interrupted)
	}
	if mismatch := new(*protocol.MismatchError); errors.As(err, mismatch) {
		return outcome{verdict: Mismatch}
	}
	if dial := new(*dialError); errors.As(err, dial) {
		return classifyDial(*dial)
	}
	if fault := new(*panicError); errors.As(err, fault) || errors.Is(err, errNoConversation) {
		return untried(OwnFault)
	}
	return classifyTalk(err)
}

// classifyDial judges an error of connecting.
func classifyDial(e *dialError) outcome {
	switch {
	case errors.Is(e.err, errFamily):
		return untried(OtherFamily)
	case e.local && e.icmp == icmpUnreachable:
		return untried(NoRoute)
	case e.local && e.icmp != icmpNone:
		return untried(Denied)
	case e.icmp == icmpPort:
		return outcome{verdict: Refused, saidBy: e.by}
	case e.icmp == icmpProhibited:
		return outcome{verdict: Prohibited, saidBy: e.by}
	case e.icmp == icmpUnreachable, e.icmp == icmpExceeded:
		return outcome{verdict: Unreachable, saidBy: e.by}
	}
	switch causeOf(e.err) {
	case causeRefused:
		return outcome{verdict: Refused}
	case causeReset:
		return outcome{verdict: Cut}
	case causeTimeout:
		return outcome{verdict: TimedOut}
	case causeUnreachable:
		if e.local { // a route of this machine's says so
			return untried(NoRoute)
		}
		return outcome{verdict: Unreachable}
	}
	if obstacle := obstacleOf(e.err); obstacle != "" { // EAGAIN calls itself a time-out, too
		return untried(obstacle)
	}
	if isTimeout(e.err) {
		return outcome{verdict: TimedOut}
	}
	return untried(SystemError)
}

// classifyTalk judges an error on an open connection. What neither time, nor the
// connection, nor TLS explains is a conversation that did not go as the protocol
// has it.
func classifyTalk(err error) outcome {
	var shake *tlsError
	inTLS := errors.As(err, &shake)
	switch {
	case inTLS && shake.certificateWanted:
		return outcome{verdict: BadTLS} // that was the last it said
	case isTimeout(err):
		return outcome{verdict: Silent}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe):
		return outcome{verdict: Cut}
	}
	switch causeOf(err) {
	case causeTimeout, causeUnreachable, causeNoRoute: // the system gave up, and may take a router's word as the reason
		return outcome{verdict: Silent}
	case causeReset, causeRefused: // a datagram may be refused in the middle of a conversation
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

// isTimeout reports whether a deadline ended it, ours or the system's.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// judgeLookup tells a name without an address from a resolver that could not
// say.
func judgeLookup(err error, cancelled bool) (Verdict, Obstacle, string) {
	switch obstacle := obstacleOf(err); {
	case errors.As(err, new(errStoodStill)):
		return Untried, StoodStill, stoodStill
	case cancelled:
		return Untried, Interrupted, "interrupted " + during(protocol.Resolve, "")
	case notFound(err):
		return Unresolved, "", unresolvedWords(err)
	case obstacle != "":
		return Untried, obstacle, "the name could not be looked up: " + err.Error()
	}
	return Untried, NoResolver, "no name server gave an answer: " + err.Error()
}
