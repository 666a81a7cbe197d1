// SPDX-License-Identifier: Apache-2.0

package standin

import "net/netip"

// Bounds on contacts that have not proved the code, of a server that limits contacts.
const (
	mostHopeful      = 16
	mostHopefulOfOne = 3 // of one source
)

// A Seat is the room that a contact takes. Until it proves the code it takes some of the
// little that there is for strangers. The zero Seat is without bounds.
type Seat struct {
	door            *door
	guest           *guest
	hopeful, proved bool // guarded by door.mu
}

// seat lets a contact in; nil if there are too many.
func (d *door) seat(source netip.Addr) *Seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.guest(source)
	if g == nil || d.limits.Contacts > 0 && (d.hopeful >= mostHopeful || g.hopeful >= mostHopefulOfOne) {
		return nil
	}
	d.hopeful++
	g.hopeful++
	return &Seat{door: d, guest: g, hopeful: true}
}

// Prove says that the contact has proved the code. It reports false if too many have.
func (s *Seat) Prove() bool {
	if s.door == nil {
		return true
	}
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	if over(s.door.contacts, s.door.limits.Contacts) {
		return false
	}
	s.door.contacts++
	s.leave()
	s.proved = true
	return true
}

// Leave gives the room to others. A contact may go on without, such as one that waits for
// its refusal, and Prove afterwards.
func (s *Seat) Leave() {
	if s.door == nil {
		return
	}
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	s.leave()
}

// leave is Leave with door.mu held.
func (s *Seat) leave() {
	switch {
	case s.hopeful:
		s.door.hopeful--
		s.guest.hopeful--
	case s.proved:
		s.door.contacts--
	}
	s.hopeful, s.proved = false, false
}

// isProved reports whether the contact has proved the code.
func (s *Seat) isProved() bool {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	return s.proved
}
