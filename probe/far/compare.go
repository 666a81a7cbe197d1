// SPDX-License-Identifier: Apache-2.0

package far

import (
	"net/netip"
	"slices"
	"time"

	"exreach/catalog"
)

// A Near is what this end knows of one check, for comparing it with a record of the far end.
type Near struct {
	Network   catalog.Network
	Port      uint16
	Connected bool // a connection came about, or a datagram was answered
	Refused   bool // it was refused: RST or ICMP
	Answered  bool // the answer came whole, and is one
	LargeLost bool // this machine saw that small packets came back, and large ones did not
	Wire      Wire // what was sent and received; of a report that does not say, one Call that is Untaped
}

// A Meeting is what both ends know of each other beside the record.
type Meeting struct {
	Seen      []netip.Addr    // this machine's addresses as the far end sees them
	PortsKept bool            // nothing on the way changes source ports, as far as the contact shows
	Ours      map[uint16]bool // the source ports that this run used: an arrival from one belongs to it
	Ahead     time.Duration   // by how much the far end's clock is ahead of ours
	Loose     time.Duration   // by how much that may be wrong; more than a minute is too much to go by time
	Before    int             // Record.Dropped when the contact began; 0 if all that the record counts may be of this run
	Taken     Taken           // arrivals that belong to checks compared before; Compare adds those of its own, unless it is nil
}

// mostCame is how many arrivals a Sight has.
const mostCame = 4

// tooLoose is when times say nothing any more of what belongs together.
const tooLoose = time.Minute

// A door is a port of the far end.
type door struct {
	network catalog.Network
	port    uint16
}

// Compare says what follows for each of these checks from what the far end saw. The record
// must have passed Check.
func Compare(checks []Near, record Record, m Meeting) []Sight {
	if m.Taken == nil {
		m.Taken = Taken{}
	}
	at := map[door][]int{}
	for i, c := range checks {
		d := door{c.Network, c.Port}
		at[d] = append(at[d], i)
	}
	sights := make([]Sight, len(checks))
	for d, those := range at {
		open, came := openingOf(record, d.network, d.port), arrivalsAt(record, d.network, d.port)
		pairs := make([][]pair, len(those))
		for n, i := range those {
			pairs[n] = pairsOf(checks[i].Wire)
		}
		match(pairs, came, m)
		for n, i := range those {
			sights[i] = sightOf(checks[i], pairs[n], came, open, record, m)
		}
	}
	return sights
}

// Dropped returns how many packets reached the far host since the meeting began and were
// delivered to no program; -1 if that is not known.
func (m Meeting) Dropped(r Record) int {
	if m.Before < 0 || r.Dropped < m.Before { // a counter of the system may fall
		return -1
	}
	return r.Dropped - m.Before
}

// pairsOf returns the connections of a check, of which no arrival is known yet.
func pairsOf(w Wire) []pair {
	pairs := make([]pair, len(w.Calls))
	for i, c := range w.Calls {
		pairs[i].call = c
	}
	return pairs
}

// sightOf says what follows for one check from its connections and what became of them.
func sightOf(near Near, pairs []pair, came []*Arrival, open Opening, record Record, m Meeting) Sight {
	s := judge(near, pairs, came, open, record, m)
	s.Dropped, s.Equal = m.Dropped(record), s.Direction == "" && areEqual(near.Network, pairs)
	if open.State != Open {
		s.Holder = holderOf(open)
	}
	for _, p := range pairs {
		if p.came != nil && len(s.Came) < mostCame {
			s.Came = append(s.Came, Came{From: p.came.From, HalfOpen: p.came.HalfOpen, Received: p.came.Received, Sent: p.came.Sent})
		}
	}
	return s
}

// openingOf returns the opening of a port: the best of them, as several services may have it.
func openingOf(r Record, network catalog.Network, port uint16) (found Opening) {
	for _, o := range r.Openings {
		if o.Network == network && o.Port == port && (found.State == "" || o.State == Open) {
			found = o
		}
	}
	return found
}

func arrivalsAt(r Record, network catalog.Network, port uint16) (came []*Arrival) {
	for i := range r.Arrivals {
		if a := &r.Arrivals[i]; a.Network == network && a.Port == port {
			came = append(came, a)
		}
	}
	return came
}

// holderOf returns the program that has a port; "" if none has.
func holderOf(o Opening) string {
	switch {
	case o.State != Held:
		return ""
	case o.Holder == "":
		return "another program"
	}
	return o.Holder
}

// judge decides on a check from its connections, what became of each, and all that came to
// its port.
func judge(near Near, pairs []pair, came []*Arrival, open Opening, r Record, m Meeting) Sight {
	switch {
	case open.State == Held:
		return heldSight(near, pairs, r)
	case open.State != Open:
		return Sight{Direction: NoDirection, Why: NotOpen, Note: open.Error}
	case slices.ContainsFunc(pairs, pair.isTurned):
		return Sight{Direction: NoDirection, Why: TurnedAway}
	}
	if s, changed := changes(near, pairs, m); changed {
		return s
	}
	p := telling(near, pairs)
	switch {
	case p.came == nil:
		return unseen(near, came, r, m)
	case p.call.Untaped && near.Connected:
		return Sight{Direction: NoDirection, Note: "It arrived. Whether the bytes are the same is not known: the report does not have what this end sent and received."}
	case near.Answered:
		return Sight{}
	case p.came.HalfOpen && !near.Connected:
		return Sight{Direction: AnswerLost}
	case p.came.HalfOpen: // it has our SYN, we have its answer, and nothing after that arrives
		return Sight{Direction: NeverArrived}
	case near.Network == catalog.UDP:
		return lostDatagram(p)
	case p.lostGoing():
		return Sight{Direction: NeverArrived, Why: p.tooLarge()}
	case p.lostComing() || !near.Connected:
		return Sight{Direction: AnswerLost, Why: largeOnly(near)}
	}
	return Sight{} // both ends agree on what there was
}

// lostDatagram judges a question over UDP that arrived and was not answered here.
func lostDatagram(p pair) Sight {
	if p.came.Sent.Bytes == 0 {
		return Sight{Direction: NoDirection, Note: "The far end received it and gave no answer."}
	}
	return Sight{Direction: AnswerLost}
}

func largeOnly(near Near) Reason {
	if near.LargeLost {
		return LargeOnly
	}
	return ""
}

// surelySeen is how long a connection must last for a far end that looks at its system's
// connections to see it. It looks five times a second.
const surelySeen = 400 * time.Millisecond

// heldSight judges a check of a port that another program has. What the far end knows of it
// are connections that its system told it of, if any.
func heldSight(near Near, pairs []pair, r Record) Sight {
	arrived := slices.ContainsFunc(pairs, func(p pair) bool { return p.came != nil })
	lasted := slices.ContainsFunc(pairs, func(p pair) bool { return !p.call.Missed && !p.call.Untaped && p.call.Took >= surelySeen })
	tells := r.Sees && r.More == 0 && near.Network == catalog.TCP
	switch {
	case arrived && near.Connected:
		return Sight{}
	case arrived:
		return Sight{Direction: AnswerLost}
	case tells && near.Connected && lasted:
		return Sight{Direction: AnsweredByOther}
	}
	return Sight{Direction: NoDirection, Why: OtherProgram}
}

// unseen judges a check of an open port at which the far end saw nothing arrive.
func unseen(near Near, came []*Arrival, r Record, m Meeting) Sight {
	switch {
	case r.More > 0:
		return Sight{Direction: NoDirection, Why: TooMany}
	case m.Loose > tooLoose:
		return Sight{Direction: NoDirection, Why: ClocksApart}
	case !m.PortsKept && m.strangers(near, came):
		return Sight{Direction: NoDirection, Note: "Connections came from other addresses at that time. One may be this one, after NAT."}
	case near.Connected:
		return Sight{Direction: AnsweredByOther}
	case near.Refused: // nothing was dropped
		return Sight{Direction: NeverArrived}
	case m.Dropped(r) > 0:
		return Sight{Direction: NeverArrived, Why: AtTheHost}
	case m.Dropped(r) == 0:
		return Sight{Direction: NeverArrived, Why: BeforeHost}
	}
	return Sight{Direction: NeverArrived}
}

// telling returns the connection that tells most of a check. Where the answer came, it is
// one that did arrive: a lost SYN before it is of no interest. Otherwise it is the last that
// came about, and of those that did not one that arrived.
func telling(near Near, pairs []pair) pair {
	var found pair
	for _, p := range pairs {
		switch {
		case p.came == nil && (near.Answered || near.Connected && p.call.Missed):
			continue
		case found.came != nil && p.came == nil && p.call.Missed:
			continue
		}
		found = p
	}
	if near.LargeLost { // the last connections were in small segments, and lost nothing
		for _, p := range pairs {
			if p.came != nil && !p.came.HalfOpen && p.lostComing() {
				return p
			}
		}
	}
	return found
}

// isTurned reports whether the far end turned the connection away.
func (p pair) isTurned() bool { return p.came != nil && p.came.Turned != "" }

// lostGoing reports whether the far end received less than was sent to it.
func (p pair) lostGoing() bool {
	return !p.call.Untaped && p.came.Received.Bytes < p.call.Sent.Bytes && p.came.Sent.Bytes <= p.call.Received.Bytes
}

// smallest is how many bytes any path carries in one packet, about (RFC 791: 576 with its
// headers).
const smallest = 512

// tooLarge returns LargeOnly if what did not arrive may have been too large for the path.
func (p pair) tooLarge() Reason {
	if p.call.Sent.Bytes-p.came.Received.Bytes > smallest {
		return LargeOnly
	}
	return ""
}

// lostComing reports whether less came back than the far end sent.
func (p pair) lostComing() bool {
	return !p.call.Untaped && p.call.Received.Bytes < p.came.Sent.Bytes
}
