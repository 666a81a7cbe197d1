// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"errors"
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/far"
	"exreach/probe/hops"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
	"exreach/probe/socket"
)

// Verdict is what was observed at one address: a closed set, never an opinion
// and never a guess at the cause.
type Verdict string

// The verdicts. PortQry calls answered LISTENING, refused NOT LISTENING and
// timed-out FILTERED; nmap says open, closed and filtered.
const (
	Answered    Verdict = "answered"    // spoke the expected protocol
	Mismatch    Verdict = "mismatch"    // connected, and something else answered
	Silent      Verdict = "silent"      // connected, then said nothing in time
	Cut         Verdict = "cut"         // connected, then hung up or reset before an answer
	BadTLS      Verdict = "bad-tls"     // connected, and the TLS handshake failed
	Refused     Verdict = "refused"     // actively refused: RST, ICMP port unreachable, or not in the endpoint map
	TimedOut    Verdict = "timed-out"   // no reply at all, after every try
	Prohibited  Verdict = "prohibited"  // a router or firewall said: administratively prohibited
	Unreachable Verdict = "unreachable" // a router or the host said there is no way
	Unresolved  Verdict = "unresolved"  // the name has no address, or the endpoint mapper does not give the interface's port
	Untried     Verdict = "untried"     // could not be asked: cancelled, or this machine's own shortage or denial
)

// A Result is the answer to one check at one address. Package report/judge grades
// it, and report prints it.
type Result struct {
	Check    catalog.Check
	Name     *lookup.Name  // what is known of the host's name; nil for a check behind an endpoint mapper
	Parent   string        // the service whose answer led here; "" for a check of the plan
	Port     uint16        // the port dialed; 0 where none was
	Address  netip.Addr    // the address dialed; invalid where the name has none
	Source   netip.Addr    // the local address that it was asked from, without a zone; invalid where nothing was asked, or that is not known
	Verdict  Verdict       // what was observed
	Obstacle Obstacle      // what kept this machine from asking; "" unless Verdict is Untried
	Step     protocol.Step // the step reached
	Tries    int           // how often it was asked: connects or datagrams
	Took     time.Duration // the whole check, without the waits for its turns
	RTT      time.Duration // the path's smoothed round trip as far as it was known then (RFC 6298); 0 where it was not
	Steps    []Timing      // each step of the last try
	Detail   string        // one sentence: what happened
	Evidence string        // a printable, bounded excerpt of what the peer said first
	Silence  *Silence      // how a Silent peer fell silent; nil for other verdicts
	SaidBy   netip.Addr    // who sent the ICMP answer; invalid where none came
	Peer     *protocol.Peer
	At       time.Time   // when the result was complete
	Order    int         // the place of its check in the host's plan; the checks behind an endpoint mapper follow it
	Witness  *Witness    // of a TimedOut port over TCP; nil where the address answered nothing
	Trace    *hops.Trace // how far the packets came; nil where Traced did not trace it
	Untraced Untraced    // why Traced did not trace it; "" where it did, or had no reason to
	Crowded  *Crowded    // what it did while other connections were open; nil where that made no difference
	Wire     *far.Wire   // what was sent and received; nil unless Pool.Taped
	Far      *far.Sight  // what the far end saw of it; nil if no stand-in told
}

// A Witness is another port of the same address, which had answered. It was asked again
// while the port of the Result said nothing.
type Witness struct {
	Port    uint16
	Answers bool // it still answered
}

// A Timing is how long one step took.
type Timing struct {
	Step protocol.Step
	Took time.Duration
}

// An Obstacle is what kept this machine from asking. Every Untried result has
// one, and no other result has.
type Obstacle string

// ErrDeadline is the cause with which the context of a run ends at the run's deadline. Such
// a context must have no deadline in itself (context.Deadline): a connect would give up at
// that moment as well, and look like a port that does not answer.
var ErrDeadline = errors.New("the run's deadline came first")

// The obstacles: a shortage of this machine, its own denial, or an interrupt.
const (
	Interrupted   Obstacle = "interrupted"     // the run was ended
	Deadline      Obstacle = "deadline"        // the run's deadline came first
	StoodStill    Obstacle = "stood-still"     // the program was stopped while it asked: a suspend, Ctrl-Z
	NoDescriptors Obstacle = "no-descriptors"  // too many files are open, in this process or on this machine
	NoSourcePorts Obstacle = "no-source-ports" // every local port is in use
	NoMemory      Obstacle = "no-memory"       // the system has no buffers or memory left
	Denied        Obstacle = "denied"          // a firewall or policy of this machine
	NoRoute       Obstacle = "no-route"        // this machine has no route to the address
	NoIPv6        Obstacle = "no-ipv6"         // this machine does not speak IPv6
	NoIPv4        Obstacle = "no-ipv4"         // this machine does not speak IPv4
	OtherFamily   Obstacle = "other-family"    // the source address is IPv4 and the host's IPv6, or the reverse
	NoSource      Obstacle = "no-source"       // the source address is not one of this machine's
	NoResolver    Obstacle = "no-resolver"     // none of this machine's DNS servers gave an answer
	SystemError   Obstacle = "system-error"    // another error of this machine's system
	OwnFault      Obstacle = "fault"           // a fault in exreach
)

// Connected reports whether a connection came about, or a datagram was answered.
func (r Result) Connected() bool {
	switch {
	case r.Verdict == Answered || r.Verdict == Mismatch:
		return true
	case r.Verdict == Untried || r.Check.Service.Network != catalog.TCP:
		return false
	}
	return r.Step != protocol.Resolve && r.Step != protocol.Connect && r.Step != ""
}

// Untraced is why a port that timed out was not traced.
type Untraced string

// The reasons for which a port was not traced.
const (
	SamePath         Untraced = "same-path"   // nothing answered at the address, and another port of it was traced
	TraceInterrupted Untraced = "interrupted" // the run was ended
	TraceDeadline    Untraced = "deadline"    // the run's time was up
	TraceTimeUp      Untraced = "time-up"     // the time for all traces of the run was up
	TraceUnable      Untraced = "system"      // this system cannot trace
)

// A Silence says how a peer fell silent before it had answered.
type Silence struct {
	Pace  Pace
	Heard int           // bytes that came in the step before time ran out
	Quiet time.Duration // how long the peer had sent nothing when time ran out

	Delivery Delivery // what this machine's TCP knows of it; "" where it tells nothing
	InSmall  bool     // asked again in small segments, which no path loses for their size, it said no more
}

// A Pace is how a peer spoke whose answer did not come to an end.
type Pace string

// The paces.
const (
	Never   Pace = "never"   // it said nothing at all
	Slowly  Pace = "slowly"  // it was still at it
	Stalled Pace = "stalled" // it had spoken, and then said nothing more
)

// A Delivery is what this machine's TCP knows of a connection on which no answer came
// in time. It is empty over UDP, and where the system does not tell.
type Delivery string

// The deliveries.
const (
	NotArrived Delivery = "not-arrived" // what was sent was never acknowledged
	AnswerLost Delivery = "answer-lost" // parts of an answer never came: later parts did, or the answer did in small segments only
	WindowShut Delivery = "window-shut" // the peer accepts no data: it keeps its receive window at zero
	Held       Delivery = "held"        // everything was acknowledged, and nothing came back
)

// deliveryOf judges what became of the last question. It compares the state of the
// connection before that question and when time was up; asked says whether there was one.
func deliveryOf(before, now socket.TCPState, asked bool) Delivery {
	switch {
	case now.OutOfOrder > before.OutOfOrder:
		return AnswerLost
	case now.Unacked > 0 && now.Resent > before.Resent:
		return NotArrived
	case now.Unsent > 0 && now.Unacked == 0:
		return WindowShut
	case !asked && now.Data == 0 && now.Segments > 1: // the SYN's answer came again: our ACK does not arrive
		return NotArrived
	}
	return Held
}
