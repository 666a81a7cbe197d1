// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"time"

	"exreach/report/judge/identity"
)

// An Event is something that whoever watches a run may want to know. It is one of the
// types in this file.
type Event interface{ event() }

// Repeated tells that a host was named more than once, and is checked once.
type Repeated struct{ Host string }

// RepeatedLines tells that lines of a list name a host once more.
type RepeatedLines struct {
	List  string // its name
	Lines int
	First string // the host that the first of them names
	Line  int    // where that stands
}

// Untraceable tells that this system cannot trace.
type Untraceable struct{ Err error }

// Identified tells what a host was taken for.
type Identified struct {
	Host    string
	As      identity.Identified
	Version string // that it is checked as
}

// AllIdentified tells at the end what many hosts were taken for.
type AllIdentified struct {
	Versions []Taken
	Mute     int // hosts that did not say
}

// Taken is how many hosts were taken for a version.
type Taken struct {
	Version string
	Hosts   int
}

// Defaults tells what was not asked for and is done all the same. What was asked for
// is "".
type Defaults struct{ Role, From string }

// Thin tells that a role has a single service for who connects, while another role of
// the version has most of them: everything as wanted would say little.
type Thin struct {
	Version, Role, From string
	Service             string // the only one
	Busiest             string // the role with the most
	Services            int    // that it has
}

// Untold tells that hosts of a version may have the role of a service as well: their
// answers do not show it.
type Untold struct{ Version, Role, Service string }

// Untestable tells how many services of a role are wanted and cannot be tested
// remotely.
type Untestable struct {
	Version, Role string
	Services      int
}

// LeftOut tells how many hosts have no row, because --only and --skip leave none.
type LeftOut struct{ Hosts int }

// Progress tells how far the run is.
type Progress struct {
	Hosts, AllHosts   int  // done, and of how many; 0 where more may come
	Checks, AllChecks int  // done, and of how many; 0 where nothing tells it
	About             bool // AllChecks is reckoned from the hosts that were begun
	Took              time.Duration
	Rate              float64       // checks a second, lately
	Left              time.Duration // that the rest will take; negative where nothing tells it
	Over              bool          // no more events of this kind come
}

func (Repeated) event()      {}
func (RepeatedLines) event() {}
func (Untraceable) event()   {}
func (Identified) event()    {}
func (AllIdentified) event() {}
func (Defaults) event()      {}
func (Thin) event()          {}
func (Untold) event()        {}
func (Untestable) event()    {}
func (LeftOut) event()       {}
func (Progress) event()      {}
