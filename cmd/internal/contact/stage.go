// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"iter"
	"net/netip"

	"exreach/probe"
	"exreach/probe/far"
)

// A Stage asks stand-ins again once it is in contact with them. Set its fields before Run.
type Stage struct {
	Codes Codes                                         // those that are known
	Ask   func(context.Context, Listener) (Code, error) // asks a person for a code, one call at a time; the zero Code gives up. Nil if there is no person
	Tell  func(Event)                                   // is told what happens, one event at a time; nil ignores events
}

// A Listener is a stand-in that was found: at one address of a host.
type Listener struct {
	Host    string
	Address netip.Addr
	Of      int  // how many addresses of the host have a stand-in; each has its own code
	Again   bool // the code that was given last did not fit
}

// An Event is something that happens while contacts are made. It is one of the types below.
type Event interface{ event() }

// Made tells that a contact stands.
type Made struct {
	Listener
	Contact far.Contact // what both ends have told each other so far
}

// Missed tells that there is no contact, and why: Contact.Failed.
type Missed struct {
	Listener
	Contact far.Contact
}

// Unfinished tells that the contact stood, and that the plan could not be asked again or
// its record did not come: Contact.Failed and Contact.Note say why.
type Unfinished struct {
	Listener
	Contact far.Contact
}

func (Made) event()       {}
func (Missed) event()     {}
func (Unfinished) event() {}

// Run is a survey.Second: it passes all hosts on, and asks those with stand-ins again whose
// codes are known.
func (s *Stage) Run(ctx context.Context, pool probe.Pool, hosts iter.Seq[probe.HostResults]) iter.Seq[probe.HostResults] {
	return hosts
}
