// SPDX-License-Identifier: Apache-2.0

package probe

import (
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/hops"
	"exreach/probe/lookup"
	"exreach/probe/protocol"
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

// A Result is the answer to one check at one address.
type Result struct {
	Check    catalog.Check
	Name     *lookup.Name  // what is known of the host's name; nil for what is behind an endpoint mapper
	Parent   string        // the service whose answer led here; "" for a check of the plan
	Port     uint16        // the port dialed; 0 where none was
	Address  netip.Addr    // the address dialed; invalid where the name has none
	Verdict  Verdict       // what was observed
	Obstacle Obstacle      // what kept this machine from asking; "" unless Verdict is Untried
	Step     protocol.Step // the step reached
	Tries    int           // how often it was asked
	Took     time.Duration // the whole check, without waiting for its turn
	RTT      time.Duration // the path's smoothed round trip as it was known then (RFC 6298); 0 where it was not
	Steps    []Timing      // each step of the last try
	Detail   string        // one sentence: what happened
	Evidence string        // a printable, bounded excerpt of what the peer said first
	Silence  *Silence      // how a Silent peer fell silent; nil for other verdicts
	SaidBy   netip.Addr    // who sent the ICMP answer; invalid where nobody did
	Peer     *protocol.Peer
	At       time.Time   // when it was known
	Order    int         // of its check in the host's plan; what is behind an endpoint mapper comes right after it
	Witness  *Witness    // of a TimedOut port over TCP; nil where the address answered nothing
	Trace    *hops.Trace // how far the packets came; nil where that was not asked
	Crowded  *Crowded    // what it did beside other connections; nil where that made no difference
}

// A Witness is a port of the same address that had answered, and was asked again
// while another one said nothing.
type Witness struct {
	Port    uint16
	Answers bool // it still did
}

// A Timing is how long one step took.
type Timing struct {
	Step protocol.Step
	Took time.Duration
}
