// SPDX-License-Identifier: Apache-2.0

// Package far holds what the two ends of a link know of each other: what the far end, a
// stand-in of exreach, has open and what it saw arrive (Record); what this end sent
// (Wire); and what follows from both for one check (Sight). It compares and knows no
// network, no verdict and no format.
package far

import (
	"net/netip"
	"time"

	"exreach/catalog"
	"exreach/probe/tape"
)

// A Wire is what a check sent and received, for comparing it with what the far end saw.
// Results have one where Pool.Taped is set.
type Wire struct {
	Calls []Call // each connection, or socket over UDP, in the order in which they were opened; the last few
}

// A Call is one connection of a check, or one that did not come about.
type Call struct {
	Local       netip.AddrPort // this machine's end; invalid if it is not known
	At          time.Time      // when it began
	Took        time.Duration
	Missed      bool // no connection came about
	Untaped     bool // Sent and Received are not known, as of a report that does not say
	Sent        tape.Flow
	Received    tape.Flow
	Certificate string // the SHA-256 fingerprint of the certificate that came; "" if none did
}

// A Sight is what the far end of a link, a stand-in of exreach, saw of a check.
type Sight struct {
	Direction Direction // where it was blocked or changed; "" if both ends agree to the byte
	Why       Reason    // more about the Direction; "" if there is no more to say
	Equal     bool      // every connection arrived, and its bytes are the same at both ends, both ways
	Holder    string    // the program that has the port at the far end, if it is not the stand-in; "another program" if its name is not known
	Came      []Came    // what arrived there, the first few
	At        int       // of Changed: the first byte that differs, from 0
	Going     bool      // of Changed: what we sent was changed, and not what came back
	Was, Is   string    // of Changed: what was sent there and what came instead, printable and short
	Dropped   int       // packets that reached the far host meanwhile and were delivered to no program; -1 if that is not known
	Note      string    // what else there is to say of the direction unknown: a sentence
}

// A Came is a connection, or the datagrams of one socket, as it arrived at the far end.
type Came struct {
	From     netip.AddrPort // the source, after any NAT
	HalfOpen bool           // its SYN arrived, and nothing after that
	Received tape.Flow
	Sent     tape.Flow
}

// A Direction is where a block or a change is, between the near end and the far end.
type Direction string

// The directions.
const (
	NeverArrived    Direction = "never-arrived"     // blocked on the way there
	AnswerLost      Direction = "answer-lost"       // arrived, and the answer never came back
	Changed         Direction = "changed"           // arrived or came back with other bytes
	AnsweredByOther Direction = "answered-by-other" // something answered here of which the far end knows nothing
	NoDirection     Direction = "unknown"           // Reason says why
)

// Directions is every direction.
func Directions() []Direction {
	return []Direction{NeverArrived, AnswerLost, Changed, AnsweredByOther, NoDirection}
}

// A Reason says more about a Direction.
type Reason string

// The reasons.
const (
	NotOpen            Reason = "not-open"      // unknown: the stand-in could not open the port, or was not to
	OtherProgram       Reason = "other-program" // unknown: another program has the port, and the system does not tell what reached it
	TooMany            Reason = "too-many"      // unknown: the far end recorded more than it keeps
	ClocksApart        Reason = "clocks-apart"  // unknown: the clocks differ, and nothing else tells what belongs together
	NoRecord           Reason = "no-record"     // unknown: the far end gave no record
	TurnedAway         Reason = "turned-away"   // unknown: the stand-in turned the source away: its allow list or its limits
	ByProxy            Reason = "by-proxy"      // changed: it arrived from another address than this machine's contact
	CertificateChanged Reason = "certificate"   // changed: the certificate that came is not the one that was shown
	StartTLSGone       Reason = "starttls-gone" // changed: the offer of STARTTLS was taken out
	AtTheHost          Reason = "at-the-host"   // never-arrived: the far host dropped packets that no program saw; its own firewall may have
	BeforeHost         Reason = "before-host"   // never-arrived: the far host dropped no packet meanwhile: it was lost before it
	LargeOnly          Reason = "large-only"    // answer-lost: small packets came, large ones did not: the MTU of the path
)

// Reasons is every reason.
func Reasons() []Reason {
	return []Reason{
		NotOpen, OtherProgram, TooMany, ClocksApart, NoRecord, TurnedAway, ByProxy, CertificateChanged, StartTLSGone, AtTheHost, BeforeHost, LargeOnly,
	}
}

// A Contact is what the near end and one listener told each other, or why they did not.
type Contact struct {
	Address  netip.Addr     // of the far end, as it was asked
	Listener string         // the name of the listener's run, which it shows at its start; "" if it is not known
	Tool     string         // the far end's exreach
	Host     string         // the name that the far end's machine has for itself
	Over     uint16         // the TCP port over which the contact stands; 0 if there is none
	Failed   ContactFailure // why there is no contact; "" if it stands
	Note     string         // what else there is to say about a failure: a sentence
	Back     string         // why the far end did not check back, if it was to: a clause; "" if it did
	Seen     netip.AddrPort // our end of the contact, as the far end sees it
	Local    netip.AddrPort // our end of the contact, as we see it
	Ahead    time.Duration  // by how much the far end's clock is ahead of ours
	Opened   []string       // the ports that the far end has open: "443/tcp"
	Held     []Opening      // the ports that it could not open
	Refused  []Refusal      // ports at which the proof of the code failed
	Recorded int            // arrivals of ours that the far end recorded
	Agree    int            // those that agree with this end to the byte
	Dropped  int            // packets that reached the far host meanwhile and were delivered to no program; -1 if that is not known
	Wall     string         // what is known of the far host's own firewall: a sentence; "" for nothing
}

// A Refusal is a port at which a contact was refused.
type Refusal struct {
	Port uint16
	Why  string // a clause: "TLS ends at another party there: its certificate is from CN=..."
}

// A ContactFailure is why there is no contact.
type ContactFailure string

// The failures.
const (
	NoCode       ContactFailure = "no-code"       // none was given
	WrongCode    ContactFailure = "wrong-code"    // the code fits no listener at the address, or TLS is opened on the way everywhere
	OtherVersion ContactFailure = "other-version" // the far end speaks another version of the contact
	NoWay        ContactFailure = "no-way"        // no port lets TLS through to the listener
	Broken       ContactFailure = "broken"        // the contact ended before its time
)

// ContactFailures is every failure.
func ContactFailures() []ContactFailure {
	return []ContactFailure{NoCode, WrongCode, OtherVersion, NoWay, Broken}
}

// Schema is the schema of a Record.
const Schema = "exreach-listen/1"

// A Record is what a stand-in says of itself, and what arrived at it. It comes over a
// contact, which tells a caller about its own address only, or from a file. Whoever reads
// one must take it for hostile.
type Record struct {
	Schema   string    `json:"schema"`
	Tool     string    `json:"tool"`              // "exreach v0.14.0"
	Listener string    `json:"listener"`          // names the run of the listener: its start shows the same word
	Machine  string    `json:"machine,omitempty"` // the name of its machine
	Host     string    `json:"host"`              // the name under which it answers
	Version  string    `json:"version"`
	Roles    []string  `json:"roles"`
	Started  time.Time `json:"started"`
	Now      time.Time `json:"now"`                 // its clock when it wrote this
	Wall     string    `json:"firewall,omitempty"`  // what is known of its own firewall: a sentence
	Sees     bool      `json:"sees_held,omitempty"` // whether its system tells of connections at ports that other programs hold
	Dropped  int       `json:"dropped"`             // packets that reached the machine since the start of the record and were delivered to no program; -1 if that is not known
	Openings []Opening `json:"ports"`
	Arrivals []Arrival `json:"arrivals"`
	More     int       `json:"more_arrivals,omitempty"` // those that it no longer keeps
}

// An Opening is a port that a stand-in was to open.
type Opening struct {
	Service  string          `json:"service"`
	Role     string          `json:"role"`
	Protocol string          `json:"protocol"`
	Network  catalog.Network `json:"network"`
	Port     uint16          `json:"port"`
	Address  netip.Addr      `json:"address"` // on which it listens; :: is every address of both families
	State    State           `json:"state"`
	Holder   string          `json:"holder,omitempty"` // the program that has the port, if it is held and that is known
	Error    string          `json:"error,omitempty"`  // the system's words, unless it is open
}

// A State is what became of an Opening.
type State string

// The states.
const (
	Open   State = "open"
	Held   State = "held"   // another program has the port
	Denied State = "denied" // the right to open it is missing
	Failed State = "failed" // another error
)

// An Arrival is one connection that arrived at a stand-in, the datagrams of one socket, or
// a SYN that no connection followed.
type Arrival struct {
	Network     catalog.Network `json:"network"`
	Port        uint16          `json:"port"`
	From        netip.AddrPort  `json:"from"`
	At          time.Time       `json:"at"` // the first of it
	Took        float64         `json:"took_s"`
	Times       int             `json:"times,omitempty"`     // datagrams; absent over TCP
	HalfOpen    bool            `json:"half_open,omitempty"` // its SYN came, and the connection was never completed
	Held        bool            `json:"held,omitempty"`      // another program has the port: all that is known is that it came
	Turned      string          `json:"turned,omitempty"`    // why it was turned away: "allow", "limit"
	Token       bool            `json:"token,omitempty"`     // it carried the token of the caller
	Received    tape.Flow       `json:"received"`
	Sent        tape.Flow       `json:"sent"`
	Certificate string          `json:"certificate,omitempty"` // the SHA-256 fingerprint of the certificate that was shown
}
