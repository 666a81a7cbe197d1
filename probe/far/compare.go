// SPDX-License-Identifier: Apache-2.0

package far

import (
	"net/netip"
	"time"

	"exreach/catalog"
)

// A Near is what this end knows of one check, for comparing it with a record of the far end.
type Near struct {
	Network catalog.Network
	Port    uint16

	Connected bool // a connection came about, or a datagram was answered
	Heard     bool // something came back over it
	Answered  bool // the answer came whole, and is one
	LargeLost bool // this machine's TCP saw that small packets came back, and large ones did not
	InClear   bool // a STARTTLS that should be offered was not

	Wire *Wire // what was sent and received; nil if that is not known, as of a saved report

	Source      netip.Addr // this machine's address; invalid if it is not known
	From, Until time.Time  // when it was asked, by this machine's clock

	Meeting
}

// A Meeting is what both ends know of each other beside the record.
type Meeting struct {
	Seen  []netip.Addr  // this machine's addresses as the far end sees them, where a contact shows them
	Token bool          // what was sent carried the token
	Ahead time.Duration // by how much the far end's clock is ahead of ours
	Loose time.Duration // by how much that may be wrong
}

// Compare says what follows for one check from what the far end saw. The record must have
// passed Check.
func Compare(near Near, record Record) Sight {
	return Sight{Direction: NoDirection, Why: NoRecord}
}
