// SPDX-License-Identifier: Apache-2.0

package survey

import (
	"time"

	"exreach/probe"
	"exreach/report/judge/identity"
)

// An Event is something that happens in a run and that a watcher may want to know. It is
// one of the types in this file.
type Event interface{ event() }

// Repeated tells that a host was named again; it is checked once.
type Repeated struct{ Host string }

// NamedTwice tells that a host was named with and without a port; both are checked.
type NamedTwice struct{ Host string }

// RepeatedLines tells that lines of a list name hosts again.
type RepeatedLines struct {
	List  string // its name
	Lines int
	First string // the host that the first of them names
	Line  int    // the number of that line, from 1
}

// OfURL tells that a host was named by a URL, of which only the port is checked.
type OfURL struct{ URL, Host string }

// DeadlineCame tells that the run has ended because of its deadline.
type DeadlineCame struct{ Deadline time.Duration }

// NothingAsked tells that hosts of a list are left out, because their roles have no service
// for this from.
type NothingAsked struct {
	List          string // its name
	Hosts         int
	First         string // the first of them
	Line          int    // the number of its line, from 1
	Version, Role string // of the first
	From          string
}

// Untraceable tells that this system cannot trace.
type Untraceable struct{ Err error }

// Untraced tells, when the run is over, how many ports that timed out were not traced for
// one reason. It does not count ports for which another one of their address was traced.
type Untraced struct {
	Ports int
	Why   probe.Untraced
}

// Identified tells what a host was taken for.
type Identified struct {
	Host    string
	As      identity.Identified
	Version string // in which it is checked
}

// AllIdentified tells at the end what many hosts were taken for.
type AllIdentified struct {
	Versions []Taken
	Mute     int // hosts that did not report a version
}

// Taken is how many hosts were taken for a version.
type Taken struct {
	Version string
	Hosts   int
}

// Defaults tells which defaults were taken. A field is "" if no default was needed for it.
type Defaults struct{ Role, From string }

// Thin tells that a role has a single service for this from, while another role of the
// version has most of them: a pass would mean little.
type Thin struct {
	Version, Role, From string
	Service             string // the only one
	Busiest             string // the role with the most
	Services            int    // of that role
}

// Untold tells that hosts of a version may also have a role, to which Service belongs, and
// that their answers do not show whether they do.
type Untold struct{ Version, Role, Service string }

// LeftOut tells how many hosts have no row, because --only and --skip leave none.
type LeftOut struct{ Hosts int }

// Progress tells how far the run is, and what it waits for.
type Progress struct {
	Phase             Phase
	Hosts, AllHosts   int  // whose checks are done, and in all; 0 in all if more may come
	Checks, AllChecks int  // rows of the report that are done, and in all; 0 in all if that is not known yet
	About             bool // AllChecks is an estimate, from the hosts that were begun
	Known, ToKnow     int  // hosts of which it is known what they are, and those that are asked for it
	Traced, ToTrace   int  // hosts; those to trace as far as that is known
	Waits             Waits
	Took              time.Duration
	Left              time.Duration // that the rest will take, rounded as people read it; negative if that is not known
	AtMost            bool          // it will not take longer
	Over              bool          // this is the last event of its kind
}

// A Phase is what a run is mainly doing.
type Phase string

// The phases. Many hosts are in several at once; then the run is in the one that most of
// the work left is in.
const (
	FindingVersions Phase = "versions" // finding out what hosts are
	Checking        Phase = "checks"
	Waiting         Phase = "waiting" // for ports that say nothing, and nothing else
	LookingAgain    Phase = "again"   // asking ports again whose results are in doubt
	Tracing         Phase = "traces"
)

// Waits is what a run waits for.
type Waits struct {
	Silent, Unanswered int          // ports that accepted a connection and say nothing, and those at which nothing answers
	Again              int          // ports that are asked again
	First              []WaitingFor // the first few of the Silent and the Unanswered
}

// A WaitingFor is a port that a run waits for.
type WaitingFor struct {
	Host   string
	Port   string // such as 443/tcp
	Silent bool
}

func (Repeated) event()      {}
func (NamedTwice) event()    {}
func (RepeatedLines) event() {}
func (OfURL) event()         {}
func (DeadlineCame) event()  {}
func (NothingAsked) event()  {}
func (Untraceable) event()   {}
func (Untraced) event()      {}
func (Identified) event()    {}
func (AllIdentified) event() {}
func (Defaults) event()      {}
func (Thin) event()          {}
func (Untold) event()        {}
func (LeftOut) event()       {}
func (Progress) event()      {}
