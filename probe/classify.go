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
	causeRefused           // the other side said no
	causeReset             // the other side hung up
	causeTimeout           // the system gave up waiting
	causeUnreachable       // no way to the host
	causeNoRoute           // this machine has no route
	causeDenied            // this machine's firewall or policy
	causeShortage          // this machine is out of descriptors, ports or memory
)

// causeOf returns what the system error inside err means.
func causeOf(err error) cause {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return causes[errno]
	}
	return causeUnknown
}

// An outcome is what classify makes of an error.
type outcome struct {
	verdict     Verdict
	shortage    bool       // untried because of a shortage that may pass
	interrupted bool       // untried because the run was ended
	saidBy      netip.Addr // who sent the ICMP message that ended it
}

// classify is the only place where errors become verdicts. Step is where the
// attempt ended; cancelled says that the run was interrupted.
func classify(err error, step protocol.Step, cancelled bool) outcome {
	if err == nil {
		return outcome{verdict: Answered}
	}
	if cancelled && (isTimeout(err) || errors.Is(err, context.Canceled)) {
		return outcome{verdict: Untried, interrupted: true}
	}
	if mismatch := new(*protocol.MismatchError); errors.As(err, mismatch) {
		return outcome{verdict: Mismatch}
	}
	if dial := new(*dialError); errors.As(err, dial) {
		return classifyDial(*dial)
	}
	if shake := new(*tlsError); errors.As(err, shake) {
		return classifyTalk(err, BadTLS)
	}
	if alert := new(*net.OpError); errors.As(err, alert) && (*alert).Op == "remote error" {
		return outcome{verdict: BadTLS} // TLS 1.3: an alert on the handshake comes with the first read
	}
	return classifyTalk(err, Untried)
}

// classifyDial judges an error of connecting.
func classifyDial(e *dialError) outcome {
	switch {
	case e.local && e.icmp != icmpNone:
		return outcome{verdict: Untried}
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
	case causeShortage:
		return outcome{verdict: Untried, shortage: true}
	case causeUnreachable:
		if !e.local {
			return outcome{verdict: Unreachable}
		}
	}
	if isTimeout(e.err) {
		return outcome{verdict: TimedOut}
	}
	return outcome{verdict: Untried}
}

// classifyTalk judges an error on an open connection; otherwise is for an error
// that neither time nor the connection explains.
func classifyTalk(err error, otherwise Verdict) outcome {
	switch {
	case isTimeout(err) || causeOf(err) == causeTimeout:
		return outcome{verdict: Silent}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), causeOf(err) == causeReset:
		return outcome{verdict: Cut}
	}
	return outcome{verdict: otherwise}
}

// isTimeout reports whether a deadline ended it, ours or the system's.
func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) ||
		errors.As(err, &timeout) && timeout.Timeout()
}

// judgeLookup tells a name without an address from a resolver that could not
// say.
func judgeLookup(err error, cancelled bool) (Verdict, string) {
	switch {
	case cancelled:
		return Untried, "interrupted while looking up the name"
	case notFound(err):
		return Unresolved, unresolvedWords(err)
	}
	return Untried, "no name server gave an answer: " + err.Error()
}
