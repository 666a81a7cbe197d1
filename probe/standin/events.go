// SPDX-License-Identifier: Apache-2.0

package standin

import "exreach/probe/far"

// An Event is something that happens at a Server while it runs: an Opened, Came, Ended,
// Contacted, Broke or Missed.
type Event interface{ event() }

// Opened tells what became of a port that the server was to open.
type Opened struct{ far.Opening }

// Came tells that a connection begins, or the first datagram of a socket. One that is
// turned away, half-open, or at a port of another program comes, too.
type Came struct{ far.Arrival }

// Ended tells that what came is over, with its counts. It follows each Came, unless
// Contacted does.
type Ended struct{ far.Arrival }

// Contacted tells that the arrival that came is a contact, and no arrival of the port.
type Contacted struct{ far.Arrival }

// Broke tells of a fault of exreach's own that ended a conversation.
type Broke struct {
	Service string
	Fault   error
}

// Missed tells how many events were left out here, because the watcher was slower than
// what happened.
type Missed struct{ Events int }

func (Opened) event()    {}
func (Came) event()      {}
func (Ended) event()     {}
func (Contacted) event() {}
func (Broke) event()     {}
func (Missed) event()    {}
